import { setImmediate } from 'node:timers/promises';

/** A reading or a subscription of the client. */
export type Source<Item> = ({ cancel(): Promise<void> } | { unsubscribe(): Promise<void> }) & {
  /** What is there, `null` when nothing is. */
  read(): Item | null;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  destroy(): unknown;
};

export interface Waiting {
  /** How long nothing may come before an empty list says so. */
  readonly quietMs: number;
  /** Ends the waiting; whoever reads looks at the signal. */
  readonly signal: AbortSignal;
}

/** What has come, list by list: only as much as the source buffers, and nothing more is asked of the server until it is taken. Throws what the source does. */
export async function* arrivals<Item>(source: Source<Item>, { quietMs, signal }: Waiting): AsyncGenerator<readonly Item[]> {
  let failed: { readonly error: unknown } | undefined;
  let ended = false;
  let wake = (): void => undefined;
  const alert = () => wake();
  source.on('readable', alert);
  // Stays for good: an error that comes after the reading would end the process.
  source.on('error', (error) => {
    failed ??= { error };
    wake();
  });
  for (const event of ['end', 'close']) {
    source.on(event, () => {
      ended = true;
      wake();
    });
  }
  signal.addEventListener('abort', alert);
  const news = async (): Promise<boolean> => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const quiet = setTimeout(() => resolve(false), quietMs);
    wake = () => resolve(true);
    const came = await promise;
    clearTimeout(quiet);
    // What came in the same piece from the network is still on its way through the client.
    await setImmediate();
    return came;
  };
  try {
    for (;;) {
      const items = takeAll<Item>(source);
      if (items.length > 0) yield items;
      else if (signal.aborted) return;
      else if (failed) throw failed.error;
      else if (ended) return;
      else if (!(await news())) yield [];
    }
  } finally {
    signal.removeEventListener('abort', alert);
    stop(source);
  }
}

function takeAll<Item>(source: Source<Item>): Item[] {
  const items: Item[] = [];
  for (let item = source.read(); item !== null; item = source.read()) items.push(item);
  return items;
}

/** Leaving a reading is not enough: the call would stay open on the server. */
function stop(source: Source<unknown>): void {
  const stopped = 'cancel' in source ? source.cancel() : source.unsubscribe();
  stopped.catch(() => undefined);
  source.destroy();
}
