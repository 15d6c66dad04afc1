import { afterEach, expect, test } from 'vitest';
import { createLoader } from '../../../src/adapters/event-store/loader.ts';
import { createSealer } from '../../../src/adapters/key-vault/sealer.ts';
import type { McpAuthorizer } from '../../../src/adapters/mcp/port.ts';
import { answerMcpLogin, beginMcpLogin, beginMcpRefresh, grantMcpAccess } from '../../../src/commands/mcp-access.ts';
import { annals } from '../../../src/commands/settle-active-run.ts';
import { createMcpAccess, type McpAccessDesk } from '../../../src/workers/mcp/access.ts';
import { eventsOf, typesOf } from '../../harness/chat.ts';
import { type Installation, person, startAnnals } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';

const ada = person('ada');
const serverId = 'mcp_files';
const url = 'https://files.example/mcp';
const closing: Installation[] = [];
afterEach(async () => {
  for (const installation of closing.splice(0).toReversed()) await installation.stop();
});

const grantOf = (token: string) => ({ url, tokens: { access_token: token } });
/** An authorization server that gives each refresh a number, when it is let go on. */
function playedServer() {
  const held = Promise.withResolvers<void>();
  let refreshes = 0;
  const authorizer: Pick<McpAuthorizer, 'refresh' | 'tokenOf'> = {
    refresh: async () => {
      const number = ++refreshes;
      await held.promise;
      return { ok: true, value: { grant: grantOf(`token ${number}`), issuer: '', accessToken: '', refreshable: true, expiresIn: 3600 } };
    },
    tokenOf: async (grant) => ({ url, accessToken: (grant as ReturnType<typeof grantOf>).tokens.access_token }),
  };
  return { authorizer: authorizer as McpAuthorizer, go: () => held.resolve(), count: () => refreshes };
}
/** Processes with one log, each with a memory of its own, in which Ada has logged in. */
async function processes(authorizer: McpAuthorizer, count: number, patienceMs?: number): Promise<{ desks: McpAccessDesk[]; first: Installation }> {
  const first = await startAnnals({ workers: false });
  closing.push(first);
  const others = await Promise.all(Array.from({ length: count - 1 }, () => startAnnals({ disk: first.disk, workers: false })));
  closing.push(...others);
  const desks = [first, ...others].map(({ kernel: { tell }, disk: { store, vault, blobs }, clock }) =>
    createMcpAccess({
      tell,
      loader: createLoader(store),
      store,
      sealer: createSealer({ vault, blobs }),
      authorizer,
      now: () => clock.now,
      ...(patienceMs === undefined ? {} : { patienceMs }),
    }),
  );
  const { tell } = first.kernel;
  const state = 'a state of sixteen letters';
  await tell(ada, beginMcpLogin({ serverId, registration: 1, state, pending: '{}' }));
  const answered = await tell(ada, answerMcpLogin({ serverId, state }));
  const attempt = answered.ok ? answered.result.attempt : '';
  const grant = { grant: JSON.stringify(grantOf('token 0')), refreshable: true, expiresAt: null };
  expect(await tell(annals(ada.id), grantMcpAccess({ serverId, attempt, issuer: 'x', ...grant }))).toMatchObject({ ok: true });
  return { desks, first };
}
const stream = `mcpaccess-${serverId}_for_${ada.id}`;

test('three processes with twenty refused calls each have the tokens renewed once, and all go on with the new one', async () => {
  const there = playedServer();
  const { desks, first } = await processes(there.authorizer, 3);
  const tokens = desks.map((desk) => desk.tokensFor(serverId, ada.id, url));
  expect(await Promise.all(tokens.map((source) => source.current()))).toEqual(Array(3).fill({ token: 'token 0', generation: 1 }));
  const renewed = Promise.all(tokens.flatMap((source) => Array.from({ length: 20 }, () => source.renewed(1))));
  await until(async () => there.count() > 0);
  there.go();
  expect(await renewed).toEqual(Array(60).fill({ token: 'token 1', generation: 2 }));
  // Whoever hears late that the old one was refused gets what there is.
  expect(await tokens[0]?.renewed(1)).toEqual({ token: 'token 1', generation: 2 });
  expect(there.count()).toBe(1);
  expect((await typesOf(first.disk, stream)).filter((type) => type === 'McpRefreshBegun')).toHaveLength(1);
});

test('a refresh that died with its process is made by another one, after it has been waited for', async () => {
  const there = playedServer();
  there.go();
  const { desks, first } = await processes(there.authorizer, 2, 100);
  expect(await first.kernel.tell(annals(ada.id), beginMcpRefresh({ serverId, generation: 1, instead: null }))).toMatchObject({ ok: true });
  const tokens = desks.map((desk) => desk.tokensFor(serverId, ada.id, url));
  expect(await Promise.all(tokens.map((source) => source.renewed(1)))).toEqual(Array(2).fill({ token: 'token 1', generation: 2 }));
  expect(there.count()).toBe(1);
});

test('a token that is given for another address is not used, and of an erased person none can be read', async () => {
  const there = playedServer();
  const { desks, first } = await processes(there.authorizer, 1);
  const [desk] = desks;
  expect(await desk?.tokensFor(serverId, ada.id, url).current()).toMatchObject({ token: 'token 0' });
  expect(JSON.stringify((await eventsOf(first.disk, stream)).map(({ data }) => data))).not.toContain('token 0');
  await first.disk.vault.destroySubject(ada.id);
  const other = createMcpAccess({
    tell: first.kernel.tell,
    loader: createLoader(first.disk.store),
    store: first.disk.store,
    sealer: createSealer(first.disk),
    authorizer: there.authorizer,
    now: () => first.clock.now,
  });
  expect(await other.tokensFor(serverId, ada.id, url).current()).toBeUndefined();
  expect(await desk?.tokensFor(serverId, ada.id, 'https://elsewhere.example/mcp').current()).toBeUndefined();
});
