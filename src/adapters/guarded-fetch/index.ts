import { allowing, BlockedAddress, blockOf, guardedLookup, type Resolve, requireHost } from '../public-address.ts';
import { capped } from './capped.ts';
import type { Blocked, GuardedFetch } from './port.ts';

export interface GuardedFetchOptions {
  /** Private networks that may be reached: `10.0.0.0/8`, an address, `*`. */
  readonly allow?: readonly string[];
  /** Of an answer, or of one event of a stream; default 16 MB. */
  readonly maxBytes?: number;
  readonly maxRedirects?: number;
  /** From the first byte asked to the last one got; a stream of events ends with its caller. Default: none. */
  readonly deadlineMs?: number;
  /** How long a connection may take to be there, in ms. */
  readonly connectMs?: number;
  readonly onBlocked?: (blocked: Blocked) => void;
  readonly resolve?: Resolve;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** All that another origin is told; any other header can hold a secret that was meant for the first. */
const HARMLESS = ['accept', 'accept-language', 'content-type', 'content-length', 'user-agent', 'mcp-protocol-version'];

/** See `GuardedFetch`. One dispatcher for all its connections; `close` ends them. */
export function createGuardedFetch(options: GuardedFetchOptions = {}): { fetch: GuardedFetch; close: () => Promise<void> } {
  const { allow = [], maxBytes = 16 * 1024 * 1024, maxRedirects = 5, deadlineMs, connectMs = 5000, onBlocked } = options;
  const isAllowed = allowing(allow);
  /** Some 20 MiB of memory: loaded by the first fetch, which many installations never make. */
  const open = async () => {
    const { Agent, fetch: send } = await import('undici');
    const dispatcher = new Agent({
      connect: { lookup: guardedLookup(isAllowed, options.resolve), timeout: connectMs },
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: -1,
    });
    return { send, dispatcher };
  };
  let opened: ReturnType<typeof open> | undefined;
  const refuse = (url: URL, reason: Blocked['reason'], message: string): never => {
    onBlocked?.({ scheme: url.protocol.slice(0, -1), host: url.host, reason });
    throw new BlockedAddress(message);
  };
  const look = (url: URL): void => {
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      refuse(url, 'scheme', 'Only addresses that begin with http:// or https:// are fetched.');
    if (url.username !== '' || url.password !== '') refuse(url, 'userinfo', 'The address has a user in it.');
    try {
      requireHost(url.hostname, isAllowed);
    } catch (error) {
      if (error instanceof BlockedAddress) refuse(url, 'address', error.message);
      throw error;
    }
  };
  const once = async (url: URL, init: RequestInit): Promise<Response> => {
    opened ??= open();
    const { send, dispatcher } = await opened;
    try {
      return (await send(url, { ...init, redirect: 'manual', dispatcher } as never)) as unknown as Response;
    } catch (error) {
      if (blockOf(error)) onBlocked?.({ scheme: url.protocol.slice(0, -1), host: url.host, reason: 'address' });
      throw error;
    }
  };

  const fetch: GuardedFetch = async (input, init = {}) => {
    const deadline = deadlineMs === undefined ? undefined : AbortSignal.timeout(deadlineMs);
    const signal = deadline && init.signal ? AbortSignal.any([deadline, init.signal]) : (deadline ?? init.signal);
    let request: RequestInit = { ...init, ...(signal ? { signal } : {}) };
    let url = new URL(input);
    for (let hops = 0; ; hops++) {
      look(url);
      const response = await once(url, request);
      const location = response.headers.get('location');
      const follows = REDIRECTS.has(response.status) && location !== null && init.redirect !== 'manual' && init.redirect !== 'error';
      if (!follows) return capped(response, maxBytes, () => onBlocked?.({ scheme: url.protocol.slice(0, -1), host: url.host, reason: 'too large' }));
      await response.body?.cancel();
      if (hops >= maxRedirects) refuse(url, 'redirects', `The address leads on and on: more than ${maxRedirects} times.`);
      const next = URL.parse(location, url) ?? refuse(url, 'redirects', 'The address leads to something that is none.');
      request = redirected(request, response.status, url.origin === next.origin);
      url = next;
    }
  };
  return { fetch, close: async () => (await opened)?.dispatcher.destroy() };
}

/** As browsers do it: what asks for something becomes a GET, and secrets stay with the origin they were meant for. */
function redirected(request: RequestInit, status: number, sameOrigin: boolean): RequestInit {
  const headers = new Headers(request.headers);
  if (!sameOrigin) for (const name of [...headers.keys()]) if (!HARMLESS.includes(name)) headers.delete(name);
  const method = request.method ?? 'GET';
  if (status === 307 || status === 308 || method === 'GET' || method === 'HEAD') return { ...request, headers };
  for (const name of ['content-type', 'content-length']) headers.delete(name);
  const { body: _, ...rest } = request;
  return { ...rest, method: 'GET', headers };
}
