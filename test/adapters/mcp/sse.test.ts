import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { afterEach, expect, test } from 'vitest';
import { createGuardedFetch } from '../../../src/adapters/guarded-fetch/index.ts';
import { createMcpConnector } from '../../../src/adapters/mcp/connector.ts';
import type { McpConnection, McpResult, McpTarget, McpTokens } from '../../../src/adapters/mcp/port.ts';

const { fetch } = createGuardedFetch({ allow: ['*'] });
const connector = createMcpConnector({ fetch, version: 'test' });
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const call = { signal: AbortSignal.timeout(20_000), timeoutMs: 10_000 };
const connect = async (target: McpTarget): Promise<McpResult<McpConnection>> => {
  const connected = await connector.connect(target, call);
  if (connected.ok) closing.push(() => connected.value.close());
  return connected;
};
const listening = async (handle: (req: IncomingMessage, res: ServerResponse) => unknown): Promise<string> => {
  const server = createServer((req, res) => void handle(req, res));
  closing.push(() => new Promise<void>((done) => void server.close(() => done()).closeAllConnections()));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** A real server of 2024-11-05 over HTTP with SSE, by the first SDK; takes requests with this header alone. */
async function startSse(wanted: (req: IncomingMessage) => boolean = () => true): Promise<{ url: string; asked: IncomingMessage[] }> {
  const transports = new Map<string, SSEServerTransport>();
  const asked: IncomingMessage[] = [];
  const origin = await listening(async (req, res) => {
    asked.push(req);
    if (!wanted(req)) return res.writeHead(401).end();
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://here');
    if (req.method === 'GET' && pathname === '/sse') {
      const transport = new SSEServerTransport('/messages', res);
      transports.set(transport.sessionId, transport);
      const server = new McpServer({ name: 'old', version: '1.0.0' });
      server.registerTool('greet', { description: 'Greets.' }, () => ({ content: [{ type: 'text', text: 'good day' }] }));
      return server.connect(transport as never);
    }
    const transport = transports.get(searchParams.get('sessionId') ?? '');
    return req.method === 'POST' && transport ? transport.handlePostMessage(req as never, res) : res.writeHead(405).end();
  });
  return { url: `${origin}/sse`, asked };
}
const greeting = { ok: true, value: { content: [{ type: 'text', text: 'good day' }], isError: false } };

test.each(['sse', 'auto'] as const)(
  'a server that knows the older SSE alone is reached where it is registered as %s, with its headers',
  async (kind) => {
    const { url } = await startSse((req) => req.headers['x-key'] === 'mine');
    const connected = await connect({ kind, url, headers: { 'x-key': 'mine' } });
    if (!connected.ok) throw new Error(connected.error.message);
    expect(connected.value.facts).toMatchObject({ era: 'legacy', serverName: 'old' });
    const lists = await connected.value.lists(call);
    if (!lists.ok) throw new Error(lists.error.message);
    const [tool = {}] = lists.value.tools;
    expect(tool.name).toBe('greet');
    expect(await connected.value.callTool(tool, {}, call)).toEqual(greeting);
  },
);

test('over SSE too a token is put on each request, and renewed where it is not taken', async () => {
  const good = new Set(['first']);
  const { url } = await startSse((req) => good.has(req.headers.authorization?.slice('Bearer '.length) ?? ''));
  let current = { token: 'first', generation: 1 };
  const tokens: McpTokens = {
    current: async () => current,
    renewed: async (generation) => {
      if (generation === current.generation) current = { token: 'second', generation: 2 };
      return current;
    },
  };
  const connected = await connect({ kind: 'sse', url, headers: {}, tokens });
  if (!connected.ok) throw new Error(connected.error.message);
  good.delete('first');
  good.add('second');
  expect(await connected.value.callTool({ name: 'greet', inputSchema: { type: 'object' } }, {}, call)).toEqual(greeting);
});

test('a server that has its messages sent to another origin is not spoken to there', async () => {
  const heard: string[] = [];
  const elsewhere = await listening((req, res) => {
    heard.push(String(req.headers.authorization));
    res.writeHead(202).end();
  });
  const origin = await listening((_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' }).write(`event: endpoint\ndata: ${elsewhere}/messages\n\n`);
  });
  const tokens: McpTokens = { current: async () => ({ token: 'secret', generation: 1 }), renewed: async () => undefined };
  const connected = await connector.connect({ kind: 'sse', url: `${origin}/sse`, headers: {}, tokens }, { ...call, timeoutMs: 3000 });
  expect(connected.ok).toBe(false);
  expect(heard).toEqual([]);
});
