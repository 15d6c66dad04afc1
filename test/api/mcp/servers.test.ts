import { afterAll, beforeAll, expect, test } from 'vitest';
import { pmmToolRoutes } from '../../../src/api/pmm/mcp-tools.ts';
import { mcpConnectionRoutes } from '../../../src/api/rini/mcp-connections.ts';
import { readConfig } from '../../../src/domain/mcp/config.ts';
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
const member = async () => bearer((await server.tokens.access({ id: 'person_member' as never, kind: 'person', roles: ['member'] })).token);

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
