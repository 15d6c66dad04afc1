import type { Sealer } from '../adapters/key-vault/sealer.ts';
import type { LiveLog } from '../adapters/live-log/port.ts';
import type { Json } from '../domain/event.ts';
import type { RunItem } from '../domain/message.ts';
import { livePlace } from '../domain/run/items.ts';

/** Writes a run's items to the live log: the first at once, then gathered for 50 ms or 1 KB. After a write that failed nothing more is written, so that no gap arises. */
export interface LiveWriter {
  push(item: RunItem): void;
  /** Writes what is gathered; rejects when an earlier write failed. */
  flush(): Promise<void>;
}

const EVERY_MS = 50;
const EVERY_BYTES = 1024;

export interface LiveTarget {
  readonly run: string;
  readonly segment: number;
  readonly epoch: number;
  readonly owner: string;
  readonly conversationId: string;
}

export function createLiveWriter(
  { liveLog, sealer }: { liveLog: LiveLog; sealer: Sealer },
  { run, segment, epoch, owner, conversationId }: LiveTarget,
): LiveWriter {
  let gathered: RunItem[] = [];
  let bytes = 0;
  let sequence = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let lastFlush = Number.NEGATIVE_INFINITY;

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (gathered.length === 0) return writing;
    const items = merged(gathered);
    gathered = [];
    bytes = 0;
    lastFlush = performance.now();
    const place = { run, segment, epoch, sequence: sequence++ };
    const sealing = sealer.seal({ subject: owner, scope: conversationId }, livePlace(place), { items } as unknown as Json);
    sealing.catch(() => undefined);
    writing = writing.then(async () => liveLog.append({ ...place, sealed: await sealing }));
    writing.catch(() => undefined);
    return writing;
  };

  return {
    push(item) {
      gathered.push(item);
      if (item.type === 'step-start') return;
      bytes += 'delta' in item ? item.delta.length : EVERY_BYTES;
      const waited = performance.now() - lastFlush;
      if (bytes >= EVERY_BYTES || waited >= EVERY_MS) void flush();
      else timer ??= setTimeout(() => void flush(), EVERY_MS - waited);
    },
    flush,
  };
}

/** Neighbouring deltas of one text become one. */
function merged(items: readonly RunItem[]): RunItem[] {
  const result: RunItem[] = [];
  for (const item of items) {
    const last = result.at(-1);
    if ((item.type === 'text' || item.type === 'reasoning') && last?.type === item.type && last.id === item.id)
      result[result.length - 1] = { ...last, delta: last.delta + item.delta };
    else result.push(item);
  }
  return result;
}
