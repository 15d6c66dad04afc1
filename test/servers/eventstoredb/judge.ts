import type { RecentIds } from './recent-ids.ts';
import { metastreamOf } from './record.ts';
import { isDeletedSoftly, isTombstoned, lastRevision, shown } from './retention.ts';
import type { Store } from './store.ts';

/** A bigint is an exact revision. */
export type Expected = 'any' | 'noStream' | 'streamExists' | bigint;

export type Verdict =
  | { readonly kind: 'write'; readonly current: bigint }
  /** Written before. Without a position when its last event is hidden by now. */
  | { readonly kind: 'repeat'; readonly revision: bigint; readonly position: number | undefined }
  | { readonly kind: 'wrong'; readonly current: bigint }
  | { readonly kind: 'deleted' };

/** What becomes of an append of these event ids, by the rules and with the quirks of the real server: only ids are compared. */
export function judge(store: Store, recent: RecentIds, stream: string, expected: Expected, ids: readonly string[]): Verdict {
  if (isTombstoned(store, stream)) return { kind: 'deleted' };
  const current = lastRevision(store, stream);
  if (expected === 'streamExists') {
    if (isDeletedSoftly(store, stream)) return { kind: 'deleted' };
    if (current < 0n && lastRevision(store, metastreamOf(stream)) < 0n) return { kind: 'wrong', current };
  }
  if (expected === 'any' || expected === 'streamExists') return judgeByMemory(store, recent, stream, current, ids);
  return judgeByRevision(store, stream, current, expected === 'noStream' ? -1n : expected, ids);
}

/** Without an exact revision a repeat is known from memory only, which a restart empties. */
function judgeByMemory(store: Store, recent: RecentIds, stream: string, current: bigint, ids: readonly string[]): Verdict {
  const known = ids.map((id) => recent.revisionIn(stream, id));
  const last = known.at(-1);
  if (known[0] === undefined) return { kind: 'write', current };
  if (last === undefined || known.includes(undefined)) return { kind: 'wrong', current };
  return { kind: 'repeat', revision: last, position: shownPosition(store, stream, last) };
}

function judgeByRevision(store: Store, stream: string, current: bigint, expected: bigint, ids: readonly string[]): Verdict {
  if (expected === current) return { kind: 'write', current };
  if (expected > current) return { kind: 'wrong', current };
  const there = store.stream(stream);
  const first = Number(expected) + 1;
  if (ids.length > 0 && ids.every((id, index) => there[first + index]?.id === id)) {
    const revision = expected + BigInt(ids.length);
    return { kind: 'repeat', revision, position: shownPosition(store, stream, revision) };
  }
  const startsAnew = expected === -1n && isDeletedSoftly(store, stream) && there[0]?.id !== ids[0];
  return startsAnew ? { kind: 'write', current } : { kind: 'wrong', current };
}

function shownPosition(store: Store, stream: string, revision: bigint): number | undefined {
  const record = store.stream(stream)[Number(revision)];
  const { first, tooOld } = shown(store, stream);
  return record && revision >= first && !tooOld(record) ? record.position : undefined;
}
