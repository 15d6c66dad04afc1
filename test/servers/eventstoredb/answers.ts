import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams, { type ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Recorded } from './record.ts';
import type { Store } from './store.ts';

/** A tick is 100 ns. */
const TICKS_PER_MILLISECOND = 10_000n;

interface Positioned<Message> {
  setCommitPosition(position: string): Message;
  setPreparePosition(position: string): Message;
}

/** The message with both of its positions set to this one. */
export function placed<Message extends Positioned<Message>>(message: Message, position: number): Message {
  return message.setCommitPosition(`${position}`).setPreparePosition(`${position}`);
}

const identifierOf = (stream: string) => new shared.StreamIdentifier().setStreamName(new Uint8Array(Buffer.from(stream)));

function recordedEvent(record: Recorded): ReadResp.ReadEvent.RecordedEvent {
  const event = placed(new streams.ReadResp.ReadEvent.RecordedEvent(), record.position)
    .setId(new shared.UUID().setString(record.id))
    .setStreamIdentifier(identifierOf(record.stream))
    .setStreamRevision(record.revision.toString())
    .setData(record.data)
    .setCustomMetadata(record.metadata);
  event
    .getMetadataMap()
    .set('type', record.type)
    .set('content-type', record.contentType)
    .set('created', (BigInt(record.created) * TICKS_PER_MILLISECOND).toString());
  return event;
}

export function eventAnswer(store: Store, record: Recorded, resolveLinks: boolean): ReadResp {
  const event = new streams.ReadResp.ReadEvent().setCommitPosition(`${record.position}`);
  if (resolveLinks && record.type === '$>') {
    const target = targetOf(store, record);
    event.setLink(recordedEvent(record));
    if (target) event.setEvent(recordedEvent(target));
  } else event.setEvent(recordedEvent(record));
  return new streams.ReadResp().setEvent(event);
}

/** A link's data is `REVISION@STREAM`. */
function targetOf(store: Store, link: Recorded): Recorded | undefined {
  const [, revision, stream] = /^(\d+)@(.*)$/s.exec(Buffer.from(link.data).toString()) ?? [];
  return stream === undefined ? undefined : store.stream(stream)[Number(revision)];
}

export const confirmation = (id: string): ReadResp =>
  new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(id));

export const checkpoint = ({ position }: Recorded): ReadResp =>
  new streams.ReadResp().setCheckpoint(placed(new streams.ReadResp.Checkpoint(), position));

export const streamNotFound = (stream: string): ReadResp =>
  new streams.ReadResp().setStreamNotFound(new streams.ReadResp.StreamNotFound().setStreamIdentifier(identifierOf(stream)));
