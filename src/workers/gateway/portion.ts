import type { Position, TailBatch } from '../../adapters/event-store/port.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import type { Shard } from '../shard.ts';
import type { Portion } from './intake.ts';
import type { Translated } from './message.ts';

/** What leaves the house of a batch of the log; up to, and without, the first event that this release cannot translate. */
export function portionOf(batch: Pick<TailBatch, 'events' | 'seen'>, shard: Shard, translate: (event: RecordedEvent) => Translated): Portion {
  const messages: Portion['messages'][number][] = [];
  let since: string | undefined;
  let last: RecordedEvent | undefined;
  const upTo = (position: Position | undefined, halt?: Portion['halt']): Portion => ({
    messages,
    ...(since === undefined ? {} : { since }),
    ...(position === undefined ? {} : { reached: { position, ...(last ? { last: nameOf(last) } : {}) } }),
    ...(halt === undefined ? {} : { halt }),
  });
  for (const event of batch.events) {
    const translated = shard.has(event.stream) ? attempt(() => translate(event)) : ({ kind: 'private' } as const);
    const { time } = event.metadata;
    if (typeof translated === 'string')
      return upTo(last?.position, { reason: `revision ${event.revision} of ${event.stream}: ${translated}`, since: time });
    if (translated.kind === 'newer')
      return upTo(last?.position, { reason: `${event.type} version ${event.version} is newer than this release`, since: time });
    if (translated.kind === 'public') {
      messages.push(translated.message);
      since ??= time;
    }
    last = event;
  }
  return upTo(batch.seen);
}

const nameOf = ({ stream, revision, id }: RecordedEvent) => ({ stream, revision: String(revision), id });

function attempt(work: () => Translated): Translated | string {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
