import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { json } from '../http/answer.ts';
import { createRateLimit } from '../http/identity/rate-limit.ts';
import { errorHeaders, HttpError, statusOf } from '../http/problem.ts';
import type { RouteRequest, Visit } from '../http/request.ts';
import { type ErrorForm, openRoute, type RouteDefinition, route } from '../http/route.ts';
import { sendStream, sse, sseHeaders } from '../http/stream.ts';
import { changesOf } from './notices.ts';

export interface McpOptions {
  /** Where the server is reached from outside. */
  readonly publicUrl?: string | undefined;
  /** Requests a person may send in a minute. */
  readonly perMinute?: number;
}

const tags = ['MCP'];
const PATH = '/mcp';
const METADATA = '/.well-known/oauth-protected-resource';
const PER_MINUTE = 1200;
/** Streams of notices that a person may have open here at once. */
const MOST_STREAMS = 20;

/** Annals' own MCP server: streamable HTTP, both eras. */
export function mcpRoutes({ publicUrl, perMinute = PER_MINUTE }: McpOptions): readonly RouteDefinition[] {
  const limit = createPersonLimit(perMinute);
  const limitStrangers = createRateLimit(perMinute);
  const open = new LRUCache<string, number>({ max: 10_000 });
  const errors: ErrorForm = (error) => {
    const known = publicUrl === undefined ? '' : ` resource_metadata="${new URL(publicUrl).origin}${METADATA}${PATH}"`;
    const headers = { ...errorHeaders(error), ...(statusOf(error.code) === 401 ? { 'www-authenticate': `Bearer${known}` } : {}) };
    return { ...json(statusOf(error.code), { jsonrpc: '2.0', id: null, error: { code: -32_000, message: error.message } }), headers };
  };
  const unwelcome = { 401: { description: 'No token, or one that is not valid here.' }, 403: { description: 'Of a foreign Host or Origin.' } };

  const exchange = route({
    method: 'POST',
    path: PATH,
    summary: 'The MCP server of one’s prompts: 2026-07-28 and, without sessions, 2025-11-25 and older',
    description:
      'Bearer token as everywhere. Prompts with arguments and completion, notices of changes, and tools by which a model lists and gets them.',
    tags,
    body: z.json(),
    errors,
    responses: {
      200: { description: 'The answer, or server-sent events.', schema: z.json() },
      202: { description: 'A notification.' },
      ...unwelcome,
    },
    handle: async (request) => {
      limit(request.principal.id);
      // The SDK, some 15 MiB of memory, is loaded by the first client that comes.
      const { exchangeWith } = await import('./exchange.ts');
      const answer = (): Promise<void> => exchangeWith(request);
      await (isListening(request.body) ? counted(open, request.principal.id, answer) : answer());
      return undefined;
    },
  });
  const notices = route({
    method: 'GET',
    path: PATH,
    summary: 'Notices of changed lists for clients of 2025-11-25 and older',
    tags,
    errors,
    responses: { 200: { description: 'Server-sent events without an end.', contentType: 'text/event-stream' }, ...unwelcome },
    handle: async (request) => {
      limit(request.principal.id);
      if (!/text\/event-stream/.test(request.req.headers.accept ?? ''))
        throw new HttpError('NotAcceptable', 'GET is for a stream of notices: accept text/event-stream, or send a request by POST.');
      await counted(open, request.principal.id, () => stream(request));
      return undefined;
    },
  });
  const metadata = (path: string): RouteDefinition =>
    openRoute({
      method: 'GET',
      path,
      summary: 'What kind of token the MCP server takes (RFC 9728)',
      tags,
      responses: { 200: { description: 'Metadata of the protected resource.', schema: z.record(z.string(), z.json()) } },
      handle: async (visit) => {
        limitStrangers(visit);
        return json(200, {
          resource: `${originOf(visit, publicUrl)}${PATH}`,
          resource_name: 'Annals',
          bearer_methods_supported: ['header'],
          scopes_supported: ['read'],
        });
      },
    });
  return [exchange, notices, metadata(METADATA), metadata(`${METADATA}${PATH}`)];
}

const originOf = ({ req }: Visit, publicUrl: string | undefined): string =>
  publicUrl === undefined ? `http://${req.headers.host}` : new URL(publicUrl).origin;

const isListening = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'method' in body && body.method === 'subscriptions/listen';

async function counted(open: LRUCache<string, number>, person: string, work: () => Promise<void>): Promise<void> {
  const count = open.get(person) ?? 0;
  if (count >= MOST_STREAMS) throw new HttpError('RateLimited', 'You have too many streams of notices open: close one.', { retryAfter: 30 });
  open.set(person, count + 1);
  try {
    await work();
  } finally {
    open.set(person, (open.get(person) ?? 1) - 1);
  }
}

async function stream(request: RouteRequest): Promise<void> {
  const signal = AbortSignal.any([request.signal, request.kernel.closing]);
  const frames = async function* (): AsyncGenerator<string> {
    for await (const _ of changesOf(request, signal)) yield sse({ jsonrpc: '2.0', method: 'notifications/prompts/list_changed' });
  };
  await sendStream(request.res, { headers: sseHeaders, signal, frames: frames() });
}

const MINUTE = 60_000;
function createPersonLimit(perMinute: number): (person: string) => void {
  const windows = new LRUCache<string, { since: number; count: number }>({ max: 10_000 });
  return (person) => {
    const time = Date.now();
    const known = windows.get(person);
    const window = known && time - known.since < MINUTE ? known : { since: time, count: 0 };
    window.count++;
    windows.set(person, window);
    if (window.count > perMinute)
      throw new HttpError('RateLimited', 'Too many requests: wait a moment.', { retryAfter: Math.ceil((window.since + MINUTE - time) / 1000) });
  };
}
