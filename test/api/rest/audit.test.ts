import { createHash, createPublicKey, verify } from 'node:crypto';
import canonicalize from 'canonicalize';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isConsistent, isIncluded, leafHash } from '../../../src/adapters/event-store/merkle.ts';
import type { Role } from '../../../src/domain/principal.ts';
import { person } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

interface Head {
  size: number;
  rootHash: string;
  signature: string;
}
interface Heads {
  heads: Head[];
  publicKey: string;
  problem: string | null;
}

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ annals: { headsEveryMs: 5 } });
});
afterAll(() => server.stop());

const get = async <Body>(path: string): Promise<Body> => {
  const answer = await server.call('GET', path);
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as Body;
};
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const heads = (): Promise<Heads> => get('/api/audit/heads');
const start = async (): Promise<string> =>
  ((await (await server.call('POST', '/api/conversations', { body: { title: 'Told' } })).json()) as { conversationId: string }).conversationId;
/** Starts a conversation, and waits for a head over it. */
const covered = async (): Promise<{ conversationId: string; head: Head }> => {
  const before = (await heads()).heads[0]?.size ?? 0;
  const conversationId = await start();
  await until(async () => ((await heads()).heads[0]?.size ?? 0) > before);
  const [head] = (await heads()).heads;
  if (!head) throw new Error('no head');
  return { conversationId, head };
};

test('an auditor proves by the answers alone that an event stands in the log, and that the log only grew', async () => {
  const first = await covered();
  const second = await covered();
  const { publicKey, problem } = await heads();
  expect(problem).toBeNull();
  const key = createPublicKey({
    key: Buffer.concat([hex('302a300506032b6570032100'), Buffer.from(publicKey, 'base64')]),
    format: 'der',
    type: 'spki',
  });
  const { signature, ...said } = second.head;
  expect(verify(null, Buffer.from(`annals head v1\n${canonicalize(said)}`), key, Buffer.from(signature, 'base64'))).toBe(true);

  const stream = `conversation-${first.conversationId}`;
  const proof = await get<{ event: object; leaf: string; index: number; path: string[]; head: Head }>(
    `/api/audit/proof?stream=${stream}&revision=0&size=${second.head.size}`,
  );
  expect(proof.event).toMatchObject({ stream, revision: 0, type: 'ConversationStarted' });
  const leaf = createHash('sha256')
    .update(canonicalize(proof.event) ?? '')
    .digest();
  expect(proof.leaf).toBe(leaf.toString('hex'));
  const { size, rootHash } = second.head;
  const included = { leaf: leafHash(leaf), index: proof.index, size, root: hex(rootHash), proof: proof.path.map(hex) };
  expect(isIncluded(included)).toBe(true);
  const changed = createHash('sha256')
    .update(canonicalize({ ...proof.event, version: 2 }) ?? '')
    .digest();
  expect(isIncluded({ ...included, leaf: leafHash(changed) })).toBe(false);

  const grown = await get<{ path: string[] }>(`/api/audit/consistency?from=${first.head.size}&to=${size}`);
  const [oldSize, oldRoot] = [first.head.size, hex(first.head.rootHash)];
  expect(isConsistent({ oldSize, oldRoot, size, root: hex(rootHash), proof: grown.path.map(hex) })).toBe(true);
});

test('what is in no log, or under no head, has no proof', async () => {
  const before = await covered();
  const { conversationId, head } = await covered();
  for (const path of [
    `proof?stream=conversation-${conversationId}&revision=9`,
    'proof?stream=none&revision=0',
    `proof?stream=conversation-${conversationId}&revision=0&size=${before.head.size}`,
    `proof?stream=conversation-${conversationId}&revision=0&size=${head.size + 1000}`,
    `consistency?from=0&to=${head.size}`,
    `consistency?from=${head.size}&to=${head.size + 1000}`,
  ])
    expect((await server.call('GET', `/api/audit/${path}`)).status, path).toBe(404);
  for (const path of ['proof?stream=a', 'proof?stream=a&revision=-1', 'consistency?from=1', '?cursor=x', '?person=bob', '?limit=0'])
    expect((await server.call('GET', `/api/audit${path.startsWith('?') ? '' : '/'}${path}`)).status, path).toBe(400);
});

test('the search answers page by page, what was done last first', async () => {
  await covered();
  const { conversationId } = await covered();
  const { entries, next } = await get<{ entries: { resource: string; actor: string }[]; next?: string }>(
    '/api/audit?action=ConversationStarted&limit=1',
  );
  expect(entries).toEqual([expect.objectContaining({ resource: `conversation-${conversationId}`, actor: 'person_local' })]);
  const rest = await get<{ entries: object[] }>(`/api/audit?action=ConversationStarted&cursor=${next}`);
  expect(rest.entries.length).toBeGreaterThan(0);
  expect(rest.entries).not.toContainEqual(entries[0]);
});

test('all of it is for auditors and administrators alone', async () => {
  const paths = ['/api/audit', '/api/audit/heads', '/api/audit/proof?stream=a&revision=0', '/api/audit/consistency?from=1&to=2'];
  const status = async (path: string, roles: readonly Role[]): Promise<number> => {
    const { token } = await server.tokens.access({ ...person(`p${roles.join('')}`), roles });
    return (await server.call('GET', path, { headers: bearer(token) })).status;
  };
  for (const path of paths) {
    for (const roles of [['member'], ['viewer'], ['analyst']] as const) expect(await status(path, roles), path).toBe(403);
    for (const roles of [['auditor'], ['administrator']] as const) expect(await status(path, roles), path).not.toBe(403);
    expect((await server.call('GET', path, { headers: bearer('a.b.c') })).status, path).toBe(401);
  }
});
