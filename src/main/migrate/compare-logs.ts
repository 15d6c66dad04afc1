import { hash } from 'node:crypto';
import type { EventStore } from '../../adapters/event-store/port.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import { eventsOf, leaf, type OnProgress } from './log.ts';

export interface Comparison {
  readonly events: number;
  readonly streams: number;
  /** Over the leaves of the whole log, in its order. */
  readonly digest: string;
  /** The first ones, a sentence each. */
  readonly differences: readonly string[];
}

const MOST_DIFFERENCES = 20;

/** Walks both logs side by side: every event, its place in the order, and the digest of every stream. `onPair` sees each event with its likeness. */
export async function compareLogs(
  source: EventStore,
  target: EventStore,
  { onPair, onProgress }: { readonly onPair: (source: RecordedEvent, target: RecordedEvent) => void; readonly onProgress: OnProgress },
): Promise<Comparison> {
  const differences: string[] = [];
  const differs = (what: string): void => {
    if (differences.length < MOST_DIFFERENCES) differences.push(what);
  };
  const [ours, theirs] = [createDigests(), createDigests()];
  const others = eventsOf(target);
  for await (const event of eventsOf(source)) {
    const { value: other } = await others.next();
    const added = ours.add(event);
    if (!other) differs(`event ${event.revision} of ${event.stream} is missing`);
    else {
      if (!theirs.add(other).equals(added)) differs(`event ${event.revision} of ${event.stream} is another, or elsewhere`);
      onPair(event, other);
    }
    onProgress(ours.events(), event.position);
  }
  for await (const other of others) {
    theirs.add(other);
    differs(`event ${other.revision} of ${other.stream} is only in the target`);
  }
  for (const stream of new Set([...ours.streams.keys(), ...theirs.streams.keys()])) {
    const [one, two] = [ours.streams.get(stream), theirs.streams.get(stream)];
    if (!one || !two?.equals(one)) differs(`stream ${stream} has another digest`);
  }
  return { events: ours.events(), streams: ours.streams.size, digest: ours.whole(), differences };
}

/** SHA-256 over the leaves of each stream, and of the whole log, each leaf on top of those before it. */
function createDigests() {
  const streams = new Map<string, Buffer>();
  let events = 0;
  let whole: Buffer | undefined;
  const onTop = (digest: Buffer | undefined, next: Buffer): Buffer => hash('sha256', digest ? Buffer.concat([digest, next]) : next, 'buffer');
  return {
    streams,
    events: () => events,
    whole: () => whole?.toString('hex') ?? '',
    /** Answers its leaf. */
    add(event: RecordedEvent): Buffer {
      const next = leaf(event);
      streams.set(event.stream, onTop(streams.get(event.stream), next));
      whole = onTop(whole, next);
      events += 1;
      return next;
    },
  };
}
