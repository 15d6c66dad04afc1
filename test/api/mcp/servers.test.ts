import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pmmToolRoutes } from '../../../src/api/pmm/mcp-tools.ts';
import { mcpConnectionRoutes } from '../../../src/api/rini/mcp-connections.ts';
import { readConfig } from '../../../src/domain/mcp/config.ts';
import { startRawMcp, tool } from '../../harness/raw-mcp.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ server: { routes: [...mcpConnectionRoutes, ...pmmToolRoutes] } });
});
afterAll(() => server.stop());

// biome-ignore lint/suspicious/noExplicitAny: whatever the server answers
const ask = async (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<any> => {
  const response = await server.call(method, path, { ...(body === undefined ? {} : { body }), ...(headers ? { headers } : {}) });
  const text = await response.text();
  return { status: response.status, ...(text === '' ? {} : JSON.parse(text)) };
};
let members = 0;
const member = async () =>
  bearer((await server.tokens.access({ id: `person_member${++members}` as never, kind: 'person', roles: ['member'] })).token);

test('a command is a matter for administrators, and what is secret is never shown again', async () => {
  const headers = await member();
  const stdio = { slug: 'shell', transport: 'stdio', address: { command: 'sh', args: ['-c', 'id'] } };
  expect(await ask('POST', '/api/mcp/servers', stdio, headers)).toMatchObject({ status: 422, code: 'StdioForbidden' });
  expect(await ask('POST', '/api/mcp/servers', { ...stdio, owner: 'organisation' }, headers)).toMatchObject({ status: 403 });
  const bad = { ...stdio, owner: 'organisation', env: { NODE_OPTIONS: '--require=x' } };
  expect(await ask('POST', '/api/mcp/servers', bad)).toMatchObject({ status: 400 });
  const url = 'http://127.0.0.1:9/$' + '{JWT_SECRET}';
  const own = { slug: 'mine', transport: 'http', address: { url }, headers: { authorization: 'Bearer top-secret' } };
  const { serverId, status } = await ask('POST', '/api/mcp/servers', own, headers);
  expect(status).toBe(201);
  const shown = await ask('GET', `/api/mcp/servers/${serverId}`, undefined, headers);
  expect(shown.administered).toMatchObject({ headerNames: ['authorization'], address: { url: expect.stringContaining('{JWT_SECRET}') } });
  expect(
    JSON.stringify([shown, await ask('GET', '/api/mcp/export', undefined, headers), await ask('GET', '/api/mcp/servers', undefined, headers)]),
  ).not.toContain('top-secret');
  expect(await ask('POST', '/api/mcp/servers', own, headers)).toMatchObject({ status: 422, code: 'SlugTaken' });
});

test('a file of servers is taken over entry by entry, and given out again without its secrets', async () => {
  const headers = await member();
  const mcpServers = {
    'My Search!': { url: 'http://127.0.0.1:9/mcp', headers: { 'x-key': 'hidden' }, timeout: 30, alwaysAllow: ['search'] },
    local: { command: 'npx', args: ['-y', 'thing'] },
    broken: { type: 'carrier-pigeon' },
  };
  const { imported } = await ask('POST', '/api/mcp/import', { mcpServers }, headers);
  expect(imported.map(({ name, outcome }: { name: string; outcome: string }) => [name, outcome])).toEqual([
    ['My Search!', 'registered'],
    ['local', 'refused'],
    ['broken', 'refused'],
  ]);
  expect(imported[0].wouldAllow).toEqual(['search']);
  const exported = await ask('GET', '/api/mcp/export', undefined, headers);
  expect(exported.mcpServers['my-search']).toMatchObject({ url: 'http://127.0.0.1:9/mcp', headers: { 'x-key': '' }, timeout: 30_000 });
  expect((await ask('POST', '/api/mcp/import', { mcpServers: exported.mcpServers }, headers)).imported[0].outcome).not.toBe('refused');
  const [entry] = readConfig({ mcpServers: { x: { url: 'http://h/', headers: { a: '$' + '{KEY}' } } } });
  expect(entry).toMatchObject({ ok: true, given: { headers: { a: '$' + '{KEY}' } }, warnings: [expect.any(String)] });
});

test('connections of Rini’s clients are servers of one’s own', async () => {
  const headers = await member();
  const made = await ask('POST', '/mcp-connections/', { mcp_server_url: 'http://127.0.0.1:9/mcp', alias: 'Notes', description: 'mine' }, headers);
  expect(made).toMatchObject({ status: 201, alias: 'notes', description: 'mine', is_active: true, id: expect.any(Number) });
  const changed = await ask('PUT', `/mcp-connections/${made.id}`, { is_active: false }, headers);
  expect(changed).toMatchObject({ status: 200, is_active: false, alias: 'notes', mcp_server_url: 'http://127.0.0.1:9/mcp' });
  expect(await ask('GET', `/mcp-connections/${made.id}`)).toMatchObject({ status: 404, detail: expect.any(String) });
  expect((await server.call('DELETE', `/mcp-connections/${made.id}`, { headers })).status).toBe(204);
});

test('nobody but an administrator has anything started, by whatever way and however it is written', async () => {
  const headers = await member();
  const folder = mkdtempSync(join(tmpdir(), 'annals-started-'));
  const mark = join(folder, 'mark');
  const commands: { command: string; args: string[] }[] = [
    { command: 'sh', args: ['-c', `touch ${mark}`] },
    { command: 'node', args: ['-e', `require('fs').writeFileSync('${mark}','')`] },
    { command: 'node', args: [`--eval=require('fs').writeFileSync('${mark}','')`] },
    { command: 'npx', args: ['--yes', 'thing'] },
    { command: 'touch', args: [mark] },
    { command: `sh\n-c`, args: [`touch ${mark}`] },
  ];
  const { serverId } = await ask(
    'POST',
    '/api/mcp/servers',
    { slug: 'harmless', transport: 'http', address: { url: 'http://127.0.0.1:9/mcp' } },
    headers,
  );
  const refused: unknown[] = [];
  for (const address of commands) {
    for (const transport of ['stdio', 'http', 'auto'])
      refused.push(await ask('POST', '/api/mcp/servers', { slug: 'started', transport, address }, headers));
    refused.push(await ask('POST', '/api/mcp/servers', { slug: 'started', owner: 'organisation', transport: 'stdio', address }, headers));
    refused.push(await ask('PUT', `/api/mcp/servers/${serverId}`, { slug: 'harmless', transport: 'stdio', address }, headers));
    refused.push(await ask('POST', '/mcp-connections/', { mcp_server_url: `stdio:${address.command}`, alias: 'started' }, headers));
    const { imported } = await ask('POST', '/api/mcp/import', { mcpServers: { started: address } }, headers);
    expect(imported).toMatchObject([{ outcome: 'refused' }]);
  }
  for (const answer of refused) expect(answer).toMatchObject({ status: expect.toSatisfy((status: number) => status >= 400 && status < 500) });
  for (const name of ['NODE_OPTIONS', 'LD_PRELOAD', 'BASH_ENV']) {
    const body = { slug: 'env', owner: 'organisation', transport: 'stdio', address: { command: 'node', args: [] }, env: { [name]: 'x' } };
    expect(await ask('POST', '/api/mcp/servers', body)).toMatchObject({ status: 400 });
  }
  expect((await ask('GET', '/api/mcp/servers', undefined, headers)).servers.map(({ slug }: { slug: string }) => slug)).not.toContain('started');
  expect(existsSync(mark)).toBe(false);
  rmSync(folder, { recursive: true });
});

test('a server is sent what it was given, to the letter, and nothing that Annals was sent', async () => {
  const token = (await member()).authorization ?? '';
  const named = '$' + '{JWT_SECRET}';
  const secret = `${named} {{env.PATH}} $HOME`;
  const seen: string[] = [];
  const asked = await startRawMcp(({ method }, req) => {
    seen.push(JSON.stringify([req.url, req.headers]));
    return method === 'tools/list' ? { result: { tools: [tool('t')] } } : undefined;
  });
  const body = { slug: 'letters', transport: 'http', address: { url: `${asked.url}?key=${named}` }, headers: { 'x-key': secret } };
  const { serverId } = await ask('POST', '/api/mcp/servers', body, { authorization: token, cookie: 'annals_session=mine' });
  expect(await ask('POST', `/api/mcp/servers/${serverId}/refresh`, undefined, { authorization: token })).toMatchObject({ refreshed: true });
  expect(seen.join()).toContain(JSON.stringify(secret));
  expect(decodeURIComponent(seen.join())).toContain(`?key=${named}`);
  expect(seen.join()).not.toContain(token.slice('Bearer '.length));
  expect(seen.join()).not.toMatch(/annals_session|"cookie"|"authorization"/);
  await asked.close();
});

test('what Annals itself has stands in the list as one more server, with tools that are chosen and allowed like any', async () => {
  const headers = await member();
  const get = (path: string) => ask('GET', path, undefined, headers);
  const [row] = (await get('/api/mcp/servers')).servers;
  const of = `/api/mcp/servers/${row.id}`;
  expect(row).toMatchObject({ id: 'mcp_built_in', owner: 'built_in', slug: 'built-in', enabled: true, tools: 5 });
  expect(await get(of)).toEqual(row);
  expect(await get(`${of}/connections`)).toMatchObject({ connections: [] });
  expect(await ask('POST', `${of}/refresh`, undefined, headers)).toMatchObject({ refreshed: true });
  expect(await ask('DELETE', of, undefined, headers)).toMatchObject({ status: 404 });
  const standing = async () =>
    Object.fromEntries(
      (await get(`/api/mcp/tools?serverId=${row.id}`)).tools.map(({ name, policy, withheld }: Record<string, string>) => [name, [policy, withheld]]),
    );
  const names = ['calculator', 'clock', 'list_prompts', 'search_prompts', 'get_prompt'];
  expect(await standing()).toEqual(Object.fromEntries(names.map((name) => [name, ['allow', null]])));
  await ask('PUT', '/api/mcp/policies', { serverId: row.id, tool: 'calculator', policy: 'deny' }, headers);
  await ask('PUT', '/api/mcp/choices', { serverId: row.id, tool: 'clock', enabled: false }, headers);
  expect(await standing()).toMatchObject({ calculator: ['deny', 'denied'], clock: ['allow', 'disabled'], get_prompt: ['allow', null] });
  const offered = (await get('/v1/chat/mcp/tools')).tools.map(({ name }: { name: string }) => name);
  expect(offered).toEqual(['list_prompts', 'search_prompts', 'get_prompt']);
});
