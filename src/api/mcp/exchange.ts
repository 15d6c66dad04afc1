import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import type { Json } from '../../domain/event.ts';
import { promptsAskedBy } from '../../projections/prompt-source.ts';
import type { RouteRequest } from '../http/request.ts';
import { noticesFor } from './notices.ts';
import { promptServer } from './server.ts';

/** How the SDK's message begins about a request that it does not take. */
const REJECTED = 'Rejected inbound request';

/** One handler for each exchange: so what it serves, and of what it tells, is this person's and nobody else's. */
export async function exchangeWith(request: RouteRequest<unknown, unknown, Json>): Promise<void> {
  const { annals, kernel, body, req, res } = request;
  const until = AbortSignal.any([request.signal, kernel.closing]);
  const source = promptsAskedBy(request.ask, (promptId) => annals.prompts.used(promptId));
  const handler = createMcpHandler(() => promptServer(source), {
    bus: noticesFor(request, until),
    maxSubscriptions: 1,
    onerror: (error) => {
      // What a client did wrong is answered to it, and no fault of this server's.
      if (!error.message.startsWith(REJECTED)) kernel.log(`request ${request.requestId}: MCP: ${error.message}`);
    },
  });
  const end = (): void => void handler.close().catch(() => undefined);
  until.addEventListener('abort', end, { once: true });
  await toNodeHandler(handler)(req, res, body);
}
