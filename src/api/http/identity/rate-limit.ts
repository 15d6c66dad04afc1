import type { IncomingMessage } from 'node:http';
import { LRUCache } from 'lru-cache';
import { HttpError } from '../problem.ts';

const MINUTE = 60_000;
const KNOWN_ADDRESSES = 10_000;

/** Refuses an address with `RateLimited` once it has come so often within a minute. */
export function createRateLimit(perMinute: number, now: () => number = Date.now): (req: IncomingMessage) => void {
  const windows = new LRUCache<string, { since: number; count: number }>({ max: KNOWN_ADDRESSES });
  return (req) => {
    const address = networkOf(req.socket.remoteAddress ?? '');
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
function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [head = '', tail = ''] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  const missing = address.includes('::') ? 8 - groups.length - tail.split(':').filter(Boolean).length : 0;
  return [...groups, ...Array.from({ length: missing }, () => '0')].slice(0, 4).join(':');
}
