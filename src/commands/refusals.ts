import { LRUCache } from 'lru-cache';
import { v4 } from 'uuid';
import type { EventStore, EventToAppend } from '../adapters/event-store/port.ts';
import { AccessRefused, AnonymousRefusalsCounted, accessStream, OthersDataRead, VISITORS } from '../domain/access.ts';
import type { NewEvent } from '../domain/event.ts';
import type { PersonId } from '../domain/ids.ts';
import { ownIds, type Principal } from '../domain/principal.ts';
import { coalescing } from './coalescing.ts';

export interface RefusedAccess {
  readonly verb: 'tell' | 'ask' | 'follow';
  readonly what: string;
  readonly code: string;
  readonly target: string;
}

export interface Refusals {
  /** A refusal of a person: recorded, repeats within a minute coalesced. Those of anonymous visitors are only counted. */
  record(principal: Principal, refused: RefusedAccess, correlationId?: string): void;
  /** The principal was shown data of these persons: that of others is recorded, once within a minute; reading one's own is no event. */
  shown(principal: Principal, owners: readonly string[], what: string, target: string, correlationId?: string): void;
  /** A request that never had a principal. */
  unauthenticated(code: string): void;
  /** Writes what is still counted; call it once a minute and before the end. */
  flush(): Promise<void>;
}

/** Answers that are no refusals: the caller is told where things stand, or to come again. */
const harmless: ReadonlySet<string> = new Set([
  'AlreadySent',
  'RunActive',
  'Superseded',
  'Conflict',
  'OutcomeUnknown',
  'StoreUnavailable',
  'NotYetVisible',
  'ViewRebuilding',
  // Of somebody who is erased no event is written any more.
  'PersonErased',
]);
const MINUTE = 60_000;
const MOST_READINGS = 10_000;

/** Appends go to `access-<person>-<day>` with `any`: its readers drop repeats by id. Failures to record never fail the request. */
export function createRefusals({ store, now }: { store: EventStore; now: () => Date }): Refusals {
  const counts = new Map<string, number>();
  const readings = new LRUCache<string, number>({ max: MOST_READINGS });
  const isNew = (...reading: readonly string[]): boolean => {
    const key = JSON.stringify(reading);
    const time = now().getTime();
    if (time - (readings.get(key) ?? Number.NEGATIVE_INFINITY) < MINUTE) return false;
    readings.set(key, time);
    return true;
  };
  let writing: Promise<unknown> = Promise.resolve();

  const write = (subject: PersonId, actor: PersonId, event: NewEvent, correlationId?: string): void => {
    const time = now().toISOString();
    const id = v4();
    const metadata = { $correlationId: correlationId ?? id, $causationId: id, commandId: id, commandHash: '', actor, subject, time };
    const toAppend = { ...event, id, metadata } as EventToAppend;
    writing = writing.then(() => store.append(accessStream(actor, time.slice(0, 10)), [toAppend], 'any')).catch(() => undefined);
  };
  const same = coalescing<{ principal: Principal; refused: RefusedAccess; correlationId?: string | undefined }>({
    now,
    write: ({ principal, refused, correlationId }, count) => write(principal.id, principal.id, AccessRefused({ ...refused, count }), correlationId),
  });

  return {
    record(principal, refused, correlationId) {
      if (harmless.has(refused.code) || principal.kind === 'service') return;
      if (principal.kind === 'anonymous') {
        counts.set(refused.code, (counts.get(refused.code) ?? 0) + 1);
        return;
      }
      same.add(JSON.stringify([principal.id, refused]), { principal, refused, correlationId });
    },
    shown(principal, owners, what, target, correlationId) {
      if (principal.kind === 'service') return;
      const own: readonly string[] = ownIds(principal);
      for (const owner of new Set(owners))
        if (!own.includes(owner) && isNew(principal.id, owner, what, target))
          write(owner as PersonId, principal.id, OthersDataRead({ what, target }), correlationId);
    },
    unauthenticated(code) {
      counts.set(code, (counts.get(code) ?? 0) + 1);
    },
    async flush() {
      same.flush(0);
      if (counts.size > 0) {
        const summary = Object.fromEntries(counts);
        counts.clear();
        write(VISITORS, VISITORS, AnonymousRefusalsCounted({ counts: summary }));
      }
      await writing;
    },
  };
}
