import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { administrator, person } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';
import { rawRequest } from '../http/raw-request.ts';
import { bearer, type TestServer } from '../http/start-server.ts';
import { connect, type Era, make, startMcpServer, tokenOf } from './mcp-server.ts';

let server: TestServer;
let ada: string;
beforeAll(async () => {
  server = await startMcpServer({ publicUrl: 'https://annals.example' });
  ada = await tokenOf(server, person('ada'));
  await make(server, ada, 'travel', 'A day in {{city}}', ['city']);
});
afterAll(() => server.stop());

const eras: Era[] = ['legacy', 'modern'];
const said = (result: { messages: readonly { content: unknown }[] }): unknown => result.messages[0]?.content;

describe.each(eras)('a client of the %s era', (era) => {
  test('lists, gets and completes the prompts of its person', async () => {
    const client = await connect(server, ada, era);
    const { prompts } = await client.listPrompts();
    const travel = prompts.find(({ name }) => name === 'travel');
    expect(travel).toMatchObject({ description: 'About travel', arguments: [{ name: 'city', required: true }] });
    expect(prompts.map(({ name }) => name)).toContain('summarize');
    expect(said(await client.getPrompt({ name: 'travel', arguments: { city: '{{city}}' } }))).toEqual({ type: 'text', text: 'A day in {{city}}' });
    const { completion } = await client.complete({ ref: { type: 'ref/prompt', name: 'travel' }, argument: { name: 'city', value: 'pr' } });
    expect(completion).toMatchObject({ values: ['Prague'], total: 1, hasMore: false });
    await client.close();
  });
  test('is told what it asked for wrongly, by code', async () => {
    const client = await connect(server, ada, era);
    const wrong = [
      () => client.getPrompt({ name: 'travel' }),
      () => client.getPrompt({ name: 'none' }),
      () => client.getPrompt({ name: 'NO SUCH NAME' }),
      () => client.complete({ ref: { type: 'ref/prompt', name: 'none' }, argument: { name: 'x', value: '' } }),
      () => client.listPrompts({ cursor: 'AAAA' }),
      () => client.callTool({ name: 'none', arguments: {} }),
    ];
    for (const call of wrong) await expect(call()).rejects.toMatchObject({ code: -32_602 });
    await client.close();
  });
  test('has tools by which a model lists, searches and gets prompts', async () => {
    const client = await connect(server, ada, era);
    const { tools } = await client.listTools();
    expect(tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint])).toEqual([
      ['list_prompts', true],
      ['search_prompts', true],
      ['get_prompt', true],
    ]);
    const call = async (name: string, input: Record<string, unknown>) => {
      const { content, isError } = await client.callTool({ name, arguments: input });
      const [first] = content as { text: string }[];
      return { isError: isError ?? false, text: first?.text ?? '' };
    };
    expect(JSON.parse((await call('search_prompts', { query: 'about TRAVEL' })).text).prompts).toMatchObject([{ name: 'travel' }]);
    expect(JSON.parse((await call('list_prompts', {})).text).prompts.length).toBeGreaterThan(3);
    expect(JSON.parse((await call('get_prompt', { name: 'travel', arguments: { city: 'Rome' } })).text)[0].content.text).toBe('A day in Rome');
    expect(await call('get_prompt', { name: 'travel' })).toMatchObject({ isError: true, text: expect.stringContaining('city') });
    expect(await call('get_prompt', {})).toMatchObject({ isError: true });
    await client.close();
  });
  test('hears that its lists have changed, and nothing of what others change', async () => {
    const bob = await tokenOf(server, person(`bob-${era}`));
    const notices = { ada: 0, bob: 0 };
    const watching = await Promise.all([connect(server, ada, era, () => void notices.ada++), connect(server, bob, era, () => void notices.bob++)]);
    // An older client is connected before its stream of notices is there: what changes until then it does not hear of.
    await until(async () => {
      await make(server, bob, `new-${era}-${Math.random().toString(36).slice(2)}`, 'x');
      await Promise.race([until(() => notices.bob > 0), new Promise((resolve) => setTimeout(resolve, 500))]);
      return notices.bob > 0;
    });
    expect(notices.ada).toBe(0);
    await Promise.all(watching.map((client) => client.close()));
  });
});

test('two hundred prompts are read page by page, each once', async () => {
  const many = await tokenOf(server, person('collector'));
  const names = Array.from({ length: 200 }, (_, n) => `p-${String(n).padStart(3, '0')}`);
  for (const name of names) await make(server, many, name, name);
  const client = await connect(server, many, 'modern');
  const seen: string[] = [];
  let pages = 0;
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await client.request({ method: 'prompts/list', params: cursor === undefined ? {} : { cursor } });
    seen.push(...page.prompts.map(({ name }) => name));
    cursor = page.nextCursor;
    pages++;
  }
  expect(pages).toBeGreaterThan(3);
  expect(seen.filter((name) => name.startsWith('p-'))).toEqual(names);
  expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(seen);
  await client.close();
});

test('the older SDK lists, gets and completes as well', async () => {
  const client = new OldClient({ name: 'old', version: '1.0.0' });
  await client.connect(new OldTransport(new URL(`${server.url}/mcp`), { requestInit: { headers: bearer(ada) } }) as never);
  expect((await client.listPrompts()).prompts.map(({ name }) => name)).toContain('travel');
  expect(said(await client.getPrompt({ name: 'travel', arguments: { city: 'Rome' } }))).toEqual({ type: 'text', text: 'A day in Rome' });
  const { completion } = await client.complete({ ref: { type: 'ref/prompt', name: 'travel' }, argument: { name: 'city', value: '' } });
  expect(completion.values).toEqual(['Paris', 'Prague', 'Rome']);
  await client.close();
});

test('fifty people at once each see what is theirs, and nothing of the others', async () => {
  const people = Array.from({ length: 50 }, (_, n) => `p${n}`);
  await Promise.all(
    people.map(async (name) => {
      const token = await tokenOf(server, person(name));
      await make(server, token, 'marker', `marker of ${name}.`);
      const client = await connect(server, token, Math.random() < 0.5 ? 'legacy' : 'modern');
      for (let round = 0; round < 3; round++) {
        expect(said(await client.getPrompt({ name: 'marker' }))).toEqual({ type: 'text', text: `marker of ${name}.` });
        expect((await client.listPrompts()).prompts.filter(({ name: each }) => each === 'marker')).toHaveLength(1);
      }
      await client.close();
    }),
  );
});

test('using a prompt over MCP counts', async () => {
  const token = await tokenOf(server, administrator);
  const { promptId } = await make(server, token, 'counted', 'x');
  const client = await connect(server, token, 'modern');
  await client.getPrompt({ name: 'counted' });
  await until(async () => (await (await server.call('GET', `/api/prompts/${promptId}`, { headers: bearer(token) })).json()).uses === 1);
  await client.close();
});

describe('who may not', () => {
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  const post = (headers: Record<string, string>) =>
    server.call('POST', '/mcp', { body: ping, headers: { accept: 'application/json, text/event-stream', ...headers } });
  test('a foreign Origin is refused, with a good token too', async () => {
    for (const headers of [{}, bearer(ada)]) expect((await post({ origin: 'https://evil.example', ...headers })).status).toBe(403);
    expect((await post(bearer(ada))).status).toBe(200);
  });
  test('a foreign Host is refused', async () => {
    const headers = { host: 'evil.example', 'content-type': 'application/json', ...bearer(ada) };
    expect((await rawRequest(server.port, 'POST', '/mcp', headers, JSON.stringify(ping))).status).toBe(403);
  });
  test('a token of another audience, or of nobody, is no token, and the answer says where to look', async () => {
    const stranger = await new SignJWT({ kind: 'person', roles: ['administrator'], jti: 'x' })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer('installation-under-test')
      .setAudience('https://other.example/mcp')
      .setSubject('person_ada')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(Buffer.alloc(32, 1));
    const refresh = (await server.tokens.refresh(person('x', 'anonymous').id)).token.slice('refresh_'.length);
    for (const token of [stranger, refresh, `${ada.slice(0, -4)}AAAA`]) {
      const answer = await post(bearer(token));
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe(
        'Bearer resource_metadata="https://annals.example/.well-known/oauth-protected-resource/mcp"',
      );
    }
    const metadata = await (await server.call('GET', '/.well-known/oauth-protected-resource/mcp')).json();
    expect(metadata).toMatchObject({ resource: 'https://annals.example/mcp', bearer_methods_supported: ['header'] });
  });
  test('a token that may not read sees nothing', async () => {
    const { token } = await server.tokens.access({ ...person('ada'), scopes: ['write'] });
    const client = await connect(server, token, 'modern');
    await expect(client.listPrompts()).rejects.toThrow();
    await client.close();
  });
  test('who asks too often waits, and others do not', async () => {
    const own = await startMcpServer({ perMinute: 5 });
    const [one, other] = [await tokenOf(own, person('one')), await tokenOf(own, person('other'))];
    const ask = async (token: string) =>
      (await own.call('POST', '/mcp', { body: ping, headers: { accept: 'application/json, text/event-stream', ...bearer(token) } })).status;
    for (let n = 0; n < 5; n++) expect(await ask(one)).toBe(200);
    expect(await ask(one)).toBe(429);
    expect(await ask(other)).toBe(200);
    await own.stop();
  });
});
