import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { mcpRoutes } from '../../../src/api/mcp/routes.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

export type Era = 'legacy' | 'modern';

export const startMcpServer = (options: Parameters<typeof mcpRoutes>[0] = {}): Promise<TestServer> =>
  startServer({ server: { routes: mcpRoutes(options) } });

export const tokenOf = async (server: TestServer, who: Principal): Promise<string> => (await server.tokens.access(who)).token;

/** A client of this era, with somebody's token. */
export async function connect(server: TestServer, token: string, era: Era, onChanged?: () => void): Promise<Client> {
  const versionNegotiation = { mode: era === 'legacy' ? ('legacy' as const) : { pin: '2026-07-28' } };
  const listChanged = onChanged ? { listChanged: { prompts: { autoRefresh: false, debounceMs: 0, onChanged } } } : {};
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation, ...listChanged });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), { requestInit: { headers: bearer(token) } }));
  return client;
}

/** Makes a prompt through the public API. */
export async function make(server: TestServer, token: string, name: string, text: string, names: readonly string[] = [], more: object = {}) {
  const content = {
    description: `About ${name}`,
    arguments: names.map((each) => ({ name: each, required: true, values: ['Paris', 'Prague', 'Rome'] })),
    messages: [{ role: 'user', content: { type: 'text', text } }],
    ...more,
  };
  const answer = await server.call('POST', '/api/prompts', { body: { name, content }, headers: bearer(token) });
  if (answer.status !== 201) throw new Error(await answer.text());
  return (await answer.json()) as { promptId: string };
}
