import { randomUUID } from 'node:crypto';
import { type Expected, judge, type Verdict } from './judge.ts';
import { type RecentIds, recentIds } from './recent-ids.ts';
import { metastreamOf, type Numbered, type Proposed } from './record.ts';
import { isDeletedSoftly, lastRevision, truncatedBefore } from './retention.ts';
import type { Store } from './store.ts';

export interface Append {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly Proposed[];
  /** Milliseconds since 1970 after which the one who waits is told of a time-out. */
  readonly deadline?: number;
}

export type Outcome =
  | { readonly kind: 'written'; readonly revision: bigint; readonly position: number | undefined }
  | Extract<Verdict, { kind: 'wrong' | 'deleted' }>
  /** Written or not: the one who waits cannot know. */
  | { readonly kind: 'timeout' };

export interface Writer {
  /** Answers when the append is on the disk. */
  append(append: Append): Promise<Outcome>;
  /** Runs this between two appends and keeps what it stages, as `append` does. */
  run<Result>(work: () => Result): Promise<Result>;
}

/** One writer that takes what arrives together to the disk together. */
export function startWriter(store: Store): Writer {
  const recent = recentIds();
  let waiting: (() => () => void)[] = [];
  let late = 0;

  const flush = (): void => {
    const jobs = waiting;
    waiting = [];
    const answers = jobs.map((job) => job());
    store.flush();
    for (const answer of answers) answer();
  };
  const run = <Result>(work: () => Result): Promise<Result> =>
    new Promise((resolve) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push(() => {
        const result = work();
        return () => resolve(result);
      });
    });
  const overdue = (append: Append): Outcome => {
    late += 1;
    if (late % 2 === 1) write(store, recent, append);
    return { kind: 'timeout' };
  };
  return {
    run,
    append: (append) => run(() => ((append.deadline ?? Infinity) < Date.now() ? overdue(append) : write(store, recent, append))),
  };
}

function write(store: Store, recent: RecentIds, { stream, expected, events }: Append): Outcome {
  const ids = events.map((event) => event.id);
  const verdict = judge(store, recent, stream, expected, ids);
  switch (verdict.kind) {
    case 'write':
      return place(store, recent, stream, verdict.current, events);
    case 'repeat':
      return { kind: 'written', revision: verdict.revision, position: verdict.position };
    case 'wrong':
    case 'deleted':
      return verdict;
    default:
      return verdict satisfies never;
  }
}

function place(store: Store, recent: RecentIds, stream: string, current: bigint, events: readonly Proposed[]): Outcome {
  if (events.length === 0) return { kind: 'written', revision: current, position: store.all.at(-1)?.position ?? 0 };
  const created = Date.now();
  const numbered = events.map((event, index): Numbered => ({ ...event, stream, revision: current + 1n + BigInt(index), created }));
  const undeletion = isDeletedSoftly(store, stream) ? [truncation(store, stream, current + 1n)] : [];
  const records = store.stage([...numbered, ...undeletion]);
  for (const { id, revision } of numbered) recent.remember(stream, id, revision);
  const last = records[events.length - 1]!;
  return { kind: 'written', revision: last.revision, position: last.position };
}

/** The metadata event that hides what is before this revision. */
export const truncation = (store: Store, stream: string, revision: bigint): Numbered => ({
  stream: metastreamOf(stream),
  revision: lastRevision(store, metastreamOf(stream)) + 1n,
  id: randomUUID(),
  type: '$metadata',
  contentType: 'application/json',
  data: truncatedBefore(store, stream, revision),
  metadata: new Uint8Array(),
  created: Date.now(),
});
