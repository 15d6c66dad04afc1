import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { ModelError } from './port.ts';
import { publicLookup, requirePublicHost } from './public-address.ts';

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

const decoders: Record<string, () => ReturnType<typeof createGunzip | typeof createInflate | typeof createBrotliDecompress>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};
const withoutBody = new Set([204, 205, 304]);

/** Between two messages somebody reads and types; a new connection with its TLS would cost the next answer several round trips. */
const IDLE_MS = 60_000;

/**
 * A `fetch` for calls to model servers. Unlike the built-in one it bounds the time to connect (milliseconds), hands over everything that arrived before
 * a connection breaks, closes the socket as soon as the signal fires, and follows no redirect: one would carry the key to another host. Connections are
 * kept for the next call, and no other `fetch` has them. `publicOnly` connects to no private network.
 */
export function createFetch({ connectTimeout = 5_000, publicOnly = false }: { connectTimeout?: number; publicOnly?: boolean } = {}): Fetch {
  const kept = { keepAlive: true, timeout: IDLE_MS };
  const plain = { request: httpRequest, agent: new HttpAgent(kept), connected: 'connect' } as const;
  const secure = { request: httpsRequest, agent: new HttpsAgent(kept), connected: 'secureConnect' } as const;
  return async (input, init) => {
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const wanted = new Request(input, { ...init, signal: null });
    const body = wanted.body === null ? undefined : new Uint8Array(await wanted.arrayBuffer());
    signal?.throwIfAborted();
    const url = new URL(wanted.url);
    const headers = {
      'accept-encoding': 'gzip, deflate, br',
      ...Object.fromEntries(wanted.headers),
      ...(body ? { 'content-length': String(body.byteLength) } : {}),
    };
    if (publicOnly) requirePublicHost(url.hostname);
    const reach = publicOnly ? { lookup: publicLookup } : {};
    const { request, agent, connected } = url.protocol === 'https:' ? secure : plain;
    const outgoing = request(url, { method: wanted.method, headers, agent, ...reach });
    const abort = () => outgoing.destroy(new DOMException('The call was stopped.', 'AbortError'));
    signal?.addEventListener('abort', abort, { once: true });
    outgoing.once('close', () => signal?.removeEventListener('abort', abort));
    boundConnect(outgoing, connected, connectTimeout);
    return await new Promise<Response>((resolve, reject) => {
      outgoing.on('error', reject);
      outgoing.once('response', (incoming) => resolve(responseOf(incoming, outgoing)));
      outgoing.end(body);
    });
  };
}

function boundConnect(outgoing: ClientRequest, connected: 'connect' | 'secureConnect', connectTimeout: number): void {
  outgoing.once('socket', (socket) => {
    if (!socket.connecting) return;
    const late = () =>
      outgoing.destroy(new ModelError('Timeout', `The model server took no connection within ${connectTimeout / 1000} s.`, { retryable: true }));
    const timer = setTimeout(late, connectTimeout);
    const clear = () => clearTimeout(timer);
    socket.once(connected, clear);
    outgoing.once('close', clear);
  });
}

function responseOf(incoming: IncomingMessage, outgoing: ClientRequest): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of Array.isArray(value) ? value : value === undefined ? [] : [value]) headers.append(name, one);
  }
  const status = incoming.statusCode ?? 502;
  const decode = decoders[incoming.headers['content-encoding'] ?? ''];
  const source = decode ? decoded(incoming, decode()) : incoming;
  if (withoutBody.has(status)) incoming.resume();
  return new Response(withoutBody.has(status) ? null : bodyOf(arrivals(source, outgoing)), { status, headers });
}

function decoded(incoming: IncomingMessage, decoder: ReturnType<(typeof decoders)[string]>): Readable {
  incoming.on('error', (error) => decoder.destroy(error));
  return incoming.pipe(decoder);
}

/** A body that is read only as it is asked for, so that an error overtakes nothing that came before it. */
export function bodyOf(chunks: AsyncIterable<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel() {
        // Not awaited: behind a read that never ends this would never end either.
        iterator.return?.().catch(() => {});
      },
    },
    { highWaterMark: 0 },
  );
}

/** What arrives, in order, and only then the error that ended it: a stream of Node would drop what waits in its buffer. */
async function* arrivals(source: Readable, outgoing: ClientRequest): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const waiting: Uint8Array<ArrayBuffer>[] = [];
  const end: { reached: boolean; error?: Error } = { reached: false };
  let wake = () => {};
  const finish = (error?: Error) => {
    if (!end.reached && error) end.error = error;
    end.reached = true;
    wake();
  };
  source.on('data', (bytes: Uint8Array<ArrayBuffer>) => {
    waiting.push(bytes);
    if (waiting.length >= 16) source.pause();
    wake();
  });
  source.once('end', () => finish());
  source.on('error', finish);
  source.once('close', () => finish(new Error('The connection was closed.')));
  try {
    for (;;) {
      const bytes = waiting.shift();
      if (bytes) yield bytes;
      else if (end.error) throw end.error;
      else if (end.reached) return;
      else {
        source.resume();
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    if (!end.reached) outgoing.destroy();
  }
}
