import { LRUCache } from 'lru-cache';
import type { Principal } from '../../domain/principal.ts';
import { HttpError } from './problem.ts';

/** Routes that call a model, take much space, or read much of the log: a person may call them only so often, all of them together. */
export const costly: ReadonlySet<string> = new Set([
  'POST /api/conversations/{conversationId}/messages',
  'POST /api/conversations/{conversationId}/messages/{parentId}/reply',
  'POST /aui/api/chat',
  'POST /aui/v1/runs/stream',
  'POST /api/files',
  'POST /aui/v1/files/attachments/generate-presigned-upload-url',
  'POST /api/views/{view}/rebuild',
  'GET /api/audit/proof',
  'GET /api/audit/consistency',
  'GET /api/conversations/{conversationId}/events',
]);

const MINUTE = 60_000;
const KNOWN_PERSONS = 10_000;

/** Throws `RateLimited` once the principal has called so many of them within a minute, in this process; 0 is no limit. */
export type CostLimit = (line: string, principal: Principal) => void;

export function createCostLimit(perMinute: number, now: () => number = Date.now): CostLimit {
  const windows = new LRUCache<string, { since: number; count: number }>({ max: KNOWN_PERSONS });
  return (line, { id }) => {
    if (perMinute === 0 || !costly.has(line)) return;
    const time = now();
    const known = windows.get(id);
    const window = known && time - known.since < MINUTE ? known : { since: time, count: 0 };
    window.count++;
    windows.set(id, window);
    if (window.count <= perMinute) return;
    throw new HttpError('RateLimited', 'You have asked for too much within a minute: wait a moment.', {
      retryAfter: Math.max(1, Math.ceil((window.since + MINUTE - time) / 1000)),
    });
  };
}
