import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSessionKeys } from '../../../src/api/http/identity/session-keys.ts';
import { createSignedAddresses } from '../../../src/api/http/signed-address.ts';
import { exportAddressRoutes } from '../../../src/api/rest/archives.ts';
import { requestJob } from '../../../src/commands/job.ts';
import { registerPerson } from '../../../src/commands/person.ts';
import { endSession, startSession } from '../../../src/commands/session.ts';
import { annals } from '../../../src/commands/settle-active-run.ts';
import { getExport } from '../../../src/projections/queries/exports.ts';
import { person } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

const secret = Buffer.alloc(32, 9);
const [ada, bob] = [person('ada'), person('bob')];
let server: TestServer;
let jobId = '' as never;

beforeAll(async () => {
  const clock = {
    get now() {
      return new Date();
    },
  };
  server = await startServer({ annals: { clock }, server: { localPerson: false, routes: exportAddressRoutes({ secret }) } });
  const { kernel } = server.installation;
  for (const { id } of [ada, bob])
    await kernel.tell(annals(id), registerPerson({ person: id, via: 'administrator', roles: ['member'], profile: {} }));
  const told = await kernel.tell(ada, requestJob({ kind: 'export', person: ada.id }));
  if (!told.ok) throw new Error(told.error.message);
  jobId = told.result.jobId as never;
  await until(async () => (await kernel.ask(ada, getExport({ jobId }))).ok);
});
afterAll(() => server.stop());

async function session() {
  const keys = createSessionKeys({ secret: server.installation.disk.secret });
  const { sessionId, proof } = keys.create();
  const told = await server.installation.kernel.tell(
    annals(ada.id),
    startSession({ sessionId, person: ada.id, kind: 'refresh', method: 'test', proof, device: '' }),
  );
  if (!told.ok) throw new Error(told.error.message);
  const { token } = await server.tokens.access(ada, { sessionId });
  return { sessionId, headers: bearer(token) };
}
const addressFor = (headers: Record<string, string>) => server.call('POST', `/api/me/exports/${jobId}/address`, { headers });
const addressOf = async (headers: Record<string, string>): Promise<string> => ((await (await addressFor(headers)).json()) as { url: string }).url;

test('an address that its person asked for has the whole file, without a token, and ends with the session it was asked for in, within 5 s', async () => {
  const { sessionId, headers } = await session();
  const other = await session();
  const [url, stays] = [await addressOf(headers), await addressOf(other.headers)];
  const answer = await fetch(url);
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
  expect(gunzipSync(Buffer.from(await answer.arrayBuffer())).toString()).toContain('manifest.json');
  const told = await server.installation.kernel.tell(ada, endSession({ sessionId, reason: 'revoked' }));
  expect(told.ok).toBe(true);
  const began = performance.now();
  await until(async () => (await fetch(url)).status === 404);
  // The five seconds, and as much again for a machine that does other things too.
  expect(performance.now() - began).toBeLessThan(10_000);
  expect((await fetch(stays)).status).toBe(200);
});

test('it is good for that file, that person and ten minutes, and nobody else is given one', async () => {
  const { headers } = await session();
  const url = new URL(await addressOf(headers));
  const changed = (change: (url: URL) => void): URL => {
    const copy = new URL(url);
    change(copy);
    return copy;
  };
  const expires = Number(url.searchParams.get('e'));
  expect(expires - Date.now()).toBeLessThanOrEqual(10 * 60_000);
  for (const bad of [
    changed(({ searchParams }) => searchParams.set('e', String(expires + 1))),
    changed(({ searchParams }) => searchParams.set('p', bob.id)),
    changed(({ searchParams }) => searchParams.delete('g')),
    changed(({ searchParams }) => searchParams.set('s', 'AAAA')),
    changed((copy) => {
      copy.pathname = copy.pathname.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    }),
  ])
    expect((await fetch(bad)).status, bad.href).toBe(404);
  const { bearer: whoseIs } = createSignedAddresses(secret, undefined);
  const [p, g, s] = ['p', 'g', 's'].map((name) => url.searchParams.get(name) ?? '');
  expect(whoseIs(['export', 'read', jobId], { p, g, s, e: expires } as never)).toBeDefined();
  expect(whoseIs(['file', 'read', jobId], { p, g, s, e: expires } as never)).toBeUndefined();
  const { token } = await server.tokens.access(bob);
  expect((await addressFor(bearer(token))).status).toBe(404);
  expect((await server.call('POST', `/api/me/exports/${jobId}/address`)).status).toBe(401);
});
