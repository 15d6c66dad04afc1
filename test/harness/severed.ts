import type { Disk } from './memory-annals.ts';

/** Something a process is about to put on its disk. */
export interface Write {
  readonly part: 'store' | 'liveLog' | 'vault' | 'blobs' | 'state' | 'documents';
  readonly method: string;
  readonly args: readonly unknown[];
}
/** Says that the process dies at this write: before it reaches the disk, or right after, before anybody hears of it. */
export type CrashPoint = (write: Write) => 'before' | 'after' | undefined;

const writes: ReadonlySet<string> = new Set([
  'append',
  'commit',
  'put',
  'delete',
  'getOrCreate',
  'destroyScope',
  'destroySubject',
  'setMark',
  'expire',
  'drop',
  'rename',
]);
const never = new Promise<never>(() => undefined);

export interface Severed {
  readonly disk: Disk;
  /** From now on the process neither reads nor writes: whatever it waits for never comes. */
  readonly crash: () => void;
  readonly crashed: Promise<void>;
}

/** The disk as one process sees it, from which that process can be cut off at any write. */
export function severed(disk: Disk, crashPoint: CrashPoint = () => undefined): Severed {
  const cut = new AbortController();
  const crashed = new Promise<void>((resolve) => cut.signal.addEventListener('abort', () => resolve()));
  const orNever = async <Value>(value: Promise<Value>): Promise<Value> => {
    const settled = await Promise.allSettled([value]);
    if (cut.signal.aborted) return never;
    const [result] = settled;
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  };
  async function* items(source: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    for await (const item of source) {
      if (cut.signal.aborted) await never;
      yield item;
    }
    if (cut.signal.aborted) await never;
  }
  const call = (part: Write['part'], target: object, method: string, run: (...args: unknown[]) => unknown, args: unknown[]): unknown => {
    if (method === 'subscribe' || method === 'forget') return cut.signal.aborted ? () => undefined : run.apply(target, args);
    if (cut.signal.aborted) return method === 'tail' ? items(stalled()) : never;
    if (method === 'tail') {
      const [after, options] = args as [string, { signal: AbortSignal }];
      return items(run.call(target, after, { signal: AbortSignal.any([options.signal, cut.signal]) }) as AsyncIterable<unknown>);
    }
    const point = writes.has(method) ? crashPoint({ part, method, args }) : undefined;
    if (point === 'before') {
      cut.abort();
      return never;
    }
    const answer = run.apply(target, args);
    if (point === 'after') {
      return Promise.resolve(answer).then(() => {
        cut.abort();
        return never;
      });
    }
    return answer instanceof Promise ? orNever(answer) : items(answer as AsyncIterable<unknown>);
  };
  const guarded = <Part extends object>(part: Write['part'], target: Part): Part =>
    new Proxy(target, {
      get: (of, name) => {
        const member: unknown = Reflect.get(of, name);
        return typeof member === 'function'
          ? (...args: unknown[]) => call(part, of, String(name), member as (...args: unknown[]) => unknown, args)
          : member;
      },
    });
  return {
    crash: () => cut.abort(),
    crashed,
    disk: {
      store: guarded('store', disk.store),
      documents: guarded('documents', disk.documents),
      state: guarded('state', disk.state),
      vault: guarded('vault', disk.vault),
      blobs: guarded('blobs', disk.blobs),
      liveLog: guarded('liveLog', disk.liveLog),
      secret: disk.secret,
    },
  };
}

async function* stalled(): AsyncGenerator<never> {
  yield await never;
}
