import codes from '@eventstore/db-client/generated/code_pb.js';
import shared, { type StreamIdentifier, type UUID } from '@eventstore/db-client/generated/shared_pb.js';
import statuses from '@eventstore/db-client/generated/status_pb.js';
import streams, { type BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import { placed } from './answers.ts';
import type { Expected } from './judge.ts';
import { MAX_APPEND_SIZE } from './proposals.ts';
import type { Outcome } from './writer.ts';

/** The append that is answered. */
export interface Asked {
  readonly correlation: UUID;
  readonly identifier: StreamIdentifier;
  readonly expected: Expected;
}

const { Code } = codes;
const empty = () => new emptyPb.Empty();

export function answerTo(asked: Asked, outcome: Outcome): BatchAppendResp {
  switch (outcome.kind) {
    case 'written':
      return written(asked, outcome.revision, outcome.position);
    case 'wrong':
      return failed(asked, 'WrongExpectedVersion', Code.FAILED_PRECONDITION, wrongExpectedVersion(asked.expected, outcome.current));
    case 'deleted':
      return failed(asked, 'StreamDeleted', Code.FAILED_PRECONDITION, new shared.StreamDeleted().setStreamIdentifier(asked.identifier));
    case 'timeout':
      return timedOut(asked);
    default:
      return outcome satisfies never;
  }
}

export const timedOut = (asked: Asked): BatchAppendResp => failed(asked, 'Timeout', Code.DEADLINE_EXCEEDED, new shared.Timeout());
export const malformed = (asked: Asked): BatchAppendResp => failed(asked, 'Unknown', Code.UNKNOWN, new shared.Unknown());
export const tooLarge = (asked: Asked): BatchAppendResp =>
  failed(asked, 'MaximumAppendSizeExceeded', Code.INVALID_ARGUMENT, new shared.MaximumAppendSizeExceeded().setMaxappendsize(MAX_APPEND_SIZE));

function written(asked: Asked, revision: bigint, position: number | undefined): BatchAppendResp {
  const success = new streams.BatchAppendResp.Success();
  if (revision < 0n) success.setNoStream(empty());
  else success.setCurrentRevision(revision.toString());
  if (position === undefined) success.setNoPosition(empty());
  else success.setPosition(placed(new shared.AllStreamPosition(), position));
  return answer(asked).setSuccess(success);
}

/** The client tells the errors apart by the name of the detail. */
function failed(asked: Asked, name: string, code: codes.Code, detail: { serializeBinary(): Uint8Array }): BatchAppendResp {
  const packed = new anyPb.Any();
  packed.pack(detail.serializeBinary(), `event_store.client.${name}`);
  return answer(asked).setError(new statuses.Status().setCode(code).setMessage(name).setDetails(packed));
}

function answer({ correlation, identifier, expected }: Asked): BatchAppendResp {
  const message = new streams.BatchAppendResp().setCorrelationId(correlation).setStreamIdentifier(identifier);
  switch (expected) {
    case 'any':
      return message.setAny(empty());
    case 'noStream':
      return message.setNoStream(empty());
    case 'streamExists':
      return message.setStreamExists(empty());
    default:
      return message.setStreamPosition(expected.toString());
  }
}

function wrongExpectedVersion(expected: Expected, current: bigint): shared.WrongExpectedVersion {
  const detail = new shared.WrongExpectedVersion();
  if (current < 0n) detail.setCurrentNoStream(empty());
  else detail.setCurrentStreamRevision(current.toString());
  switch (expected) {
    case 'any':
      return detail.setExpectedAny(empty());
    case 'noStream':
      return detail.setExpectedNoStream(empty());
    case 'streamExists':
      return detail.setExpectedStreamExists(empty());
    default:
      return detail.setExpectedStreamPosition(expected.toString());
  }
}
