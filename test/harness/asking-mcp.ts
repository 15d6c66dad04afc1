import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer as OldServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';

export interface AskingMcp {
  readonly url: string;
  /** What it was told each time that it had what it wanted. */
  readonly booked: unknown[];
  /** How often its tool was called, answers included. */
  readonly calls: () => number;
  stop(): Promise<void>;
}

const form = {
  type: 'object' as const,
  properties: { seats: { type: 'integer' as const, minimum: 1, maximum: 8 }, password: { type: 'string' as const, minLength: 4 } },
  required: ['seats'],
};
const message = 'How many seats?';

const asked = { mode: 'form', message, requestedSchema: form };

/** A real server of the new era, whose tool `book` asks by ending, and goes on with the answers. `params`: what it asks. */
export async function startNewAsking(params: object = asked): Promise<AskingMcp> {
  const booked: unknown[] = [];
  let calls = 0;
  const handler = toNodeHandler(
    createMcpHandler(() => {
      const server = new McpServer({ name: 'seats', version: '1.0.0' });
      server.registerTool('book', { description: 'Books seats.' }, (context) => {
        calls++;
        const { inputResponses, requestState } = context.mcpReq;
        const told = inputResponses?.seats as { action: string; content?: { seats: number } } | undefined;
        if (told === undefined)
          return {
            resultType: 'input_required',
            inputRequests: { seats: { method: 'elicitation/create', params } },
            requestState: 'held for you',
          } as never;
        booked.push({ ...told, state: typeof requestState === 'function' ? requestState() : requestState });
        return { content: [{ type: 'text', text: `${told.action} ${told.content?.seats ?? 0}` }] };
      });
      return server;
    }),
  );
  return serving(
    (req, res) => handler(req as never, res as never),
    booked,
    () => calls,
  );
}

/** A real server of the old era, whose tool `book` asks in the midst of its call. */
export async function startOldAsking(): Promise<AskingMcp> {
  const booked: unknown[] = [];
  let calls = 0;
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const make = async (): Promise<StreamableHTTPServerTransport> => {
    const server = new OldServer({ name: 'seats', version: '1.0.0' });
    server.registerTool('book', { description: 'Books seats.' }, async () => {
      calls++;
      const told = await server.server.elicitInput({ message, requestedSchema: form }, { timeout: 60_000 });
      booked.push(told);
      return { content: [{ type: 'text', text: `${told.action} ${told.content?.seats ?? 0}` }] };
    });
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void transports.set(id, transport),
    });
    await server.connect(transport as never);
    return transport;
  };
  return serving(
    async (req, res) => {
      const known = transports.get(String(req.headers['mcp-session-id']));
      await (known ?? (await make())).handleRequest(req, res);
    },
    booked,
    () => calls,
  );
}

async function serving(handle: (req: IncomingMessage, res: ServerResponse) => unknown, booked: unknown[], calls: () => number): Promise<AskingMcp> {
  const server = createServer((req, res) => void handle(req, res));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    booked,
    calls,
    stop: () => new Promise((done) => void server.close(() => done()).closeAllConnections()),
  };
}
