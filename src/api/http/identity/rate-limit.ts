import { LRUCache } from 'lru-cache';
import { networkOf } from '../../../domain/network.ts';
import { HttpError } from '../problem.ts';
import type { Visit } from '../request.ts';

const MINUTE = 60_000;
const KNOWN_ADDRESSES = 10_000;

/** Refuses an address with `RateLimited` once it has come so often within a minute. Behind a proxy that is trusted it is the one that this has seen. */
export function createRateLimit(perMinute: number, now: () => number = Date.now): (visit: Pick<Visit, 'req' | 'kernel'>) => void {
  const windows = new LRUCache<string, { since: number; count: number }>({ max: KNOWN_ADDRESSES });
  return ({ req, kernel }) => {
    const address = sourceOf(kernel.identity.addressOf(req) ?? '');
    const time = now();
    const known = windows.get(address);
    const window = known && time - known.since < MINUTE ? known : { since: time, count: 0 };
    window.count++;
    windows.set(address, window);
    if (window.count <= perMinute) return;
    throw new HttpError('RateLimited', 'Too many requests from this address: wait a moment.', {
      retryAfter: Math.max(1, Math.ceil((window.since + MINUTE - time) / 1000)),
    });
  };
}

/** An IPv6 address counts with its /64, of which one household has them all. */
const sourceOf = (address: string): string => (address.includes(':') && !address.startsWith('::ffff:') ? (networkOf(address) ?? address) : address);
