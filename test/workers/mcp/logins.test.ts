import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { toolLoginRoutes } from '../../../src/api/rest/mcp-logins.ts';
import { changeMcpServer, setMcpToolPolicy } from '../../../src/commands/mcp.ts';
import { contractIdOf } from '../../../src/domain/mcp/contract.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { bearer, startServer, type TestServer } from '../../api/http/start-server.ts';
import { askFor, settled, typesOf } from '../../harness/chat.ts';
import { httpServer, listed } from '../../harness/mcp-servers.ts';
import { person, readRun } from '../../harness/memory-annals.ts';
import { type OAuthMcp, startOAuthMcp } from '../../harness/oauth-mcp.ts';
import { until } from '../../harness/until.ts';

let server: TestServer;
let there: OAuthMcp;
let count = 0;
beforeAll(async () => {
  server = await startServer({ server: { routes: toolLoginRoutes({}), localPerson: false } });
  there = await startOAuthMcp();
});
afterAll(async () => {
  await server.stop();
  await there.stop();
});
beforeEach(() => {
  there.refused.clear();
  delete there.refuses;
  delete there.movedTo;
});

// biome-ignore lint/suspicious/noExplicitAny: answers of many routes
const as = async (who: Principal, method: string, path: string, body?: unknown): Promise<any> => {
  const headers = bearer((await server.tokens.access(who)).token);
  const response = await server.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  return { status: response.status, ...(text === '' ? {} : JSON.parse(text)) };
};
/** Somebody new, with a server of theirs where they have not logged in. */
const newcomer = async (): Promise<{ who: Principal; serverId: string; of: string }> => {
  const who = person(`p${++count}`);
  const told = await server.installation.kernel.tell(who, httpServer('whose', there.url, { auth: 'oauth' }));
  if (!told.ok) throw new Error(told.error.message);
  const { serverId } = told.result;
  await server.installation.kernel.tell(who, setMcpToolPolicy({ serverId, tool: 'whoami', policy: 'allow' }));
  return { who, serverId, of: `/api/mcp/servers/${serverId}` };
};
const begun = async (who: Principal, of: string): Promise<URLSearchParams> => {
  const { authorizationUrl } = await as(who, 'POST', `${of}/authorize`);
  return there.browse(authorizationUrl);
};
const handOn = (who: Principal, answer: URLSearchParams, more: object = {}) =>
  as(who, 'POST', '/api/mcp/logins', { ...Object.fromEntries(answer), ...more });
const connected = async () => {
  const made = await newcomer();
  there.account = made.who.id;
  expect(await handOn(made.who, await begun(made.who, made.of))).toMatchObject({ status: 200, serverId: made.serverId });
  await listed(server.installation, contractIdOf({ serverId: made.serverId, auth: 'oauth' }, made.who.id));
  return made;
};
const whoami = async (who: Principal): Promise<unknown> => {
  const { kernel } = server.installation;
  const asked = await askFor(kernel, who, '/call whose__whoami {}');
  await settled(kernel, asked);
  const item = (await readRun(kernel, who, asked.conversationId, asked.runId)).findLast(({ type }) => type === 'tool');
  const part = item?.type === 'tool' ? item.part : undefined;
  return (part?.output as { content?: { text: string }[] } | undefined)?.content?.[0]?.text ?? part?.errorText;
};
const lastToken = (): string => there.tokens.findLast((token) => token !== undefined) ?? '';

test('a server that wants a login says so and why; after one at a real authorization server its tools are called as who logged in', async () => {
  const { who, of } = await newcomer();
  const before = await as(who, 'GET', of);
  expect(before.status).toMatchObject({ state: 'needs_auth', reason: expect.stringContaining('log in'), authorize: `${of}/authorize` });
  there.account = 'ada-there';
  const answer = await begun(who, of);
  expect(answer.get('iss')).toBe(there.issuer);
  const callback = await server.call('GET', `/tool-servers/callback?${answer}`);
  expect(callback.status).toBe(303);
  const [page, fragment] = (callback.headers.get('location') ?? '').split('#');
  expect(page).toBe('/app/settings/tool-servers');
  expect(new URLSearchParams(fragment).get('code')).toBe(answer.get('code'));
  const { serverId } = await handOn(who, answer);
  await listed(server.installation, contractIdOf({ serverId, auth: 'oauth' }, who.id));
  expect(await as(who, 'GET', of)).toMatchObject({ login: { connected: true, issuer: there.issuer, renews: true } });
  await until(async () => (await as(who, 'GET', of)).status?.state === 'ready');
  expect(await whoami(who)).toBe('ada-there');
  const everything = JSON.stringify([await as(who, 'GET', of), server.logged, server.installation.problems]);
  for (const token of there.tokens) if (token !== undefined) expect(everything).not.toContain(token);
});

test('an answer is taken once, from who has begun the login, with the state that it was begun with', async () => {
  const { who, of } = await newcomer();
  const other = await newcomer();
  const answer = await begun(who, of);
  expect(await handOn(who, answer, { state: `${answer.get('state')}x` })).toMatchObject({ status: 422, code: 'StateUnknown' });
  expect(await handOn(other.who, answer)).toMatchObject({ status: 422, code: 'StateUnknown' });
  const [one, two] = await Promise.all([handOn(who, answer), handOn(who, answer)]);
  expect([one.status, two.status].toSorted()).toEqual([200, 422]);
  expect(await handOn(who, answer)).toMatchObject({ status: 422, code: 'StateUnknown' });
  const late = await begun(other.who, other.of);
  const { clock } = server.installation;
  clock.now = new Date(clock.now.getTime() + 600_001);
  expect(await handOn(other.who, late)).toMatchObject({ status: 422, code: 'StateExpired' });
});

test('an answer that another authorization server gives is not used, and neither is one without a name where names are given', async () => {
  const { who, of } = await newcomer();
  const before = there.grants.length;
  expect(await handOn(who, await begun(who, of), { iss: 'http://evil.example' })).toMatchObject({ status: 422, code: 'LoginFailed' });
  expect(await handOn(who, await begun(who, of), { iss: undefined })).toMatchObject({ status: 422, code: 'LoginFailed' });
  expect(there.grants.length).toBe(before);
  expect((await as(who, 'GET', of)).status).toMatchObject({ state: 'needs_auth', reason: expect.stringContaining('another authorization server') });
  const refusal = await begun(who, of);
  refusal.delete('code');
  expect(await handOn(who, refusal, { error: 'access_denied' })).toMatchObject({ status: 422, code: 'LoginFailed' });
});

test('a token that is not taken any more is renewed without anybody, once for many calls', async () => {
  const { who } = await connected();
  const old = lastToken();
  there.refused.add(old);
  const before = there.grants.length;
  const answers = await Promise.all(Array.from({ length: 6 }, () => whoami(who)));
  expect(answers).toEqual(Array(6).fill(who.id));
  expect(there.grants.slice(before)).toEqual(['refresh_token']);
  expect(lastToken()).not.toBe(old);
});

test('an authorization server that is away takes nothing from anybody; one that refuses does, and the reason is said', async () => {
  const { who, of, serverId } = await connected();
  there.refused.add(lastToken());
  there.refuses = 503;
  expect(String(await whoami(who))).toContain('could not be renewed');
  expect(await as(who, 'GET', of)).toMatchObject({ login: { connected: true } });
  there.refuses = 400;
  await as(who, 'POST', `${of}/refresh`);
  expect((await as(who, 'GET', of)).status).toMatchObject({ state: 'needs_auth', reason: expect.stringContaining('renew') });
  expect(await typesOf(server.installation.disk, `mcpaccess-${serverId}_for_${who.id}`)).toContain('McpAccessLost');
});

test('a token goes to the server that it is for, and to nobody else', async () => {
  const { who, of, serverId } = await connected();
  const heard: (string | undefined)[] = [];
  const elsewhere = createServer((req, res) => {
    heard.push(req.headers.authorization);
    res.writeHead(404).end();
  });
  await new Promise<void>((done) => elsewhere.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/mcp`;
  there.movedTo = url;
  await whoami(who);
  const usual = { title: '', headers: {}, env: {}, audience: 'everybody', enabled: true, timeoutMs: null } as const;
  const moved = changeMcpServer({ ...usual, serverId, slug: 'whose', transport: 'http', address: { url }, auth: 'oauth' });
  expect((await server.installation.kernel.tell(who, moved)).ok).toBe(true);
  await as(who, 'POST', `${of}/refresh`);
  expect((await as(who, 'GET', of)).status).toMatchObject({ state: 'needs_auth', reason: expect.stringContaining('address') });
  expect(heard.filter((header) => header !== undefined)).toEqual([]);
  await new Promise<void>((done) => void elsewhere.close(() => done()).closeAllConnections());
});

test('who disconnects is known at neither server any more, and one’s login is not another’s', async () => {
  const one = await connected();
  const two = await connected();
  expect([await whoami(one.who), await whoami(two.who)]).toEqual([one.who.id, two.who.id]);
  const token = lastToken();
  expect(await as(two.who, 'DELETE', `${two.of}/authorization`)).toMatchObject({ status: 200, toldServer: true });
  const asked = await fetch(there.url, { method: 'POST', headers: bearer(token), body: '{}' });
  expect(asked.status).toBe(401);
  expect(String(await whoami(two.who))).toContain('disconnected');
  expect(await as(two.who, 'GET', two.of)).toMatchObject({ login: { connected: false }, status: { state: 'needs_auth' } });
  expect(await as(one.who, 'DELETE', `${two.of}/authorization`)).toMatchObject({ status: 404 });
  expect(await whoami(one.who)).toBe(one.who.id);
});
