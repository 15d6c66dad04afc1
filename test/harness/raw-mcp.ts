import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly id?: number | string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever a client sends
  readonly params?: any;
}
/** Answers a request of JSON-RPC with a result; `error` with one; `status` with an HTTP status and nothing; nothing: never. */
export type Answers = (asked: Asked, req: IncomingMessage) => { result?: object; error?: object; status?: number } | undefined;

export interface RawMcp {
  readonly url: string;
  readonly asked: Asked[];
  /** Like a server that was started anew: sessions of before are unknown. */
  restart(): void;
  close(): Promise<void>;
}

/** The 2025 handshake as most servers have it, with sessions. */
export const initialized = {
  protocolVersion: '2025-11-25',
  capabilities: { tools: { listChanged: true } },
  serverInfo: { name: 'raw', version: '1' },
};
const unknownMethod = { error: { code: -32601, message: 'Method not found' } };

/** A server over Streamable HTTP that says just what the test wants. */
export async function startRawMcp(answers: Answers): Promise<RawMcp> {
  let life = 1;
  const asked: Asked[] = [];
  const respond = (req: IncomingMessage, res: ServerResponse, message: Asked): void => {
    asked.push(message);
    const session = req.headers['mcp-session-id'];
    if (session !== undefined && session !== `life-${life}`) return void res.writeHead(404).end();
    if (message.id === undefined) return void res.writeHead(202).end();
    const given = answers(message, req);
    const answer = given ?? (message.method === 'initialize' ? { result: initialized } : undefined);
    if (answer?.status !== undefined) return void res.writeHead(answer.status).end();
    if (answer === undefined && message.method === 'tools/call') return;
    const headers = { 'content-type': 'application/json', ...(message.method === 'initialize' ? { 'mcp-session-id': `life-${life}` } : {}) };
    res.writeHead(200, headers).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...(answer ?? unknownMethod) }));
  };
  const server = createServer((req, res) => {
    if (req.method !== 'POST') return void res.writeHead(405).end();
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => respond(req, res, JSON.parse(Buffer.concat(chunks).toString())));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    asked,
    restart: () => void life++,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const tool = (name: string, more: object = {}) => ({
  name,
  description: `Does ${name}.`,
  inputSchema: { type: 'object', properties: {} },
  ...more,
});
