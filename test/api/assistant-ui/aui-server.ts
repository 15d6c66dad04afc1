import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { assistantUiRoutes } from '../../../src/api/assistant-ui/index.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import type { StartOptions } from '../../harness/memory-annals.ts';
import { person } from '../../harness/memory-annals.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a test reads out of an answer fails the test when it is not there
type Whatever = any;

export interface Called {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Whatever;
}

export interface Person {
  readonly principal: Principal;
  readonly token: string;
  call(method: string, path: string, body?: unknown, options?: { signal?: AbortSignal }): Promise<Called>;
  thread(body?: object): Promise<string>;
  /** The whole answer to a chat request. */
  chat(threadId: string, messages: readonly object[], extra?: object): Promise<Called>;
  history(threadId: string, query?: string): Promise<z.infer<typeof Row>[]>;
}

export const Row = z.looseObject({ id: z.string(), parent_id: z.string().nullable(), height: z.number(), format: z.string(), content: z.any() });

export interface AuiServer extends TestServer {
  as(who: Principal): Promise<Person>;
}

export async function startAui(annals: StartOptions = {}, options: { publicUrl?: string } = {}): Promise<AuiServer> {
  const server = await startServer({ annals, server: { routes: assistantUiRoutes({ secret: randomBytes(32), ...options }) } });
  const as = async (principal: Principal): Promise<Person> => ({ principal, ...personAt(server.url, (await server.tokens.access(principal)).token) });
  return { ...server, as };
}

/** Whoever the token stands for, at the server with this address. */
export function personAt(url: string, token: string): Omit<Person, 'principal'> {
  const call: Person['call'] = async (method, path, body, { signal } = {}) => {
    const response = await fetch(url + path, {
      method,
      redirect: 'manual',
      headers: { ...bearer(token), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
  };
  return {
    token,
    call,
    thread: async (body = {}) => (await call('POST', '/aui/v1/threads', { last_message_at: new Date().toISOString(), ...body })).json.thread_id,
    chat: (threadId, messages, extra = {}) =>
      call('POST', '/aui/api/chat', { id: threadId, messages, trigger: 'submit-message', tools: {}, metadata: {}, ...extra }),
    history: async (threadId, query = 'format=ai-sdk/v6&limit=200') =>
      z.array(Row).parse((await call('GET', `/aui/v1/threads/${threadId}/messages?${query}`)).json.messages),
  };
}

export const ada = person('ada');
export const bob = person('bob');

export const user = (id: string, text: string, more: readonly object[] = []) => ({
  id,
  role: 'user',
  parts: [{ type: 'text', text }, ...more],
  metadata: { custom: {} },
});

/** The chunks of a UI message stream. */
export const chunksIn = (text: string): Whatever[] =>
  text
    .split('\n\n')
    .filter((frame) => frame.startsWith('data: ') && !frame.includes('[DONE]'))
    .map((frame) => JSON.parse(frame.slice('data: '.length)));

export const saidIn = (text: string): string =>
  chunksIn(text)
    .flatMap((chunk) => (chunk.type === 'text-delta' ? [chunk.delta] : []))
    .join('');

/** The text of a stored row. */
export const textOf = (row: { content: { parts: { type: string; text?: string }[] } }): string =>
  row.content.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');

/** Until the condition gives something. */
export async function eventually<Value>(look: () => Promise<Value | undefined | false>, what: string): Promise<Value> {
  const until = performance.now() + 15_000;
  while (performance.now() < until) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`it never came about: ${what}`);
}
