import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams, { type AppendReq, type AppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { type ServerReadableStream, status } from '@grpc/grpc-js';
import { placed } from './answers.ts';
import type { Expected } from './judge.ts';
import { MAX_APPEND_SIZE, nameOf, parseProposal, sizeOf } from './proposals.ts';
import type { Proposed } from './record.ts';
import { appendTooLarge, Refusal, streamDeleted } from './refusal.ts';
import type { Outcome, Writer } from './writer.ts';

type Reply = AppendResp | Refusal;

/** One append in a call of its own, which is how a client with a login of its own for the call writes. */
export async function singleAppend(writer: Writer, call: ServerReadableStream<AppendReq, AppendResp>): Promise<Reply> {
  let options: AppendReq.Options | undefined;
  const events: (Proposed | undefined)[] = [];
  for await (const request of call as AsyncIterable<AppendReq>) {
    options ??= request.getOptions();
    const message = request.getProposedMessage();
    if (message) events.push(parseProposal(message));
  }
  const whole = events.filter((event) => event !== undefined);
  const stream = nameOf(options?.getStreamIdentifier());
  if (!options || stream === '' || whole.length < events.length)
    return new Refusal(status.INVALID_ARGUMENT, 'The stream, an id or a type is missing.');
  if (sizeOf(whole) > MAX_APPEND_SIZE) return appendTooLarge(MAX_APPEND_SIZE);
  const expected = expectedOf(options);
  return replyTo(stream, expected, await writer.append({ stream, expected, events: whole }));
}

function expectedOf(options: AppendReq.Options): Expected {
  const { ExpectedStreamRevisionCase: Case } = streams.AppendReq.Options;
  switch (options.getExpectedStreamRevisionCase()) {
    case Case.REVISION:
      return BigInt(options.getRevision());
    case Case.NO_STREAM:
      return 'noStream';
    case Case.STREAM_EXISTS:
      return 'streamExists';
    default:
      return 'any';
  }
}

function replyTo(stream: string, expected: Expected, outcome: Outcome): Reply {
  switch (outcome.kind) {
    case 'written':
      return success(outcome.revision, outcome.position);
    case 'wrong':
      return wrong(expected, outcome.current);
    case 'deleted':
      return streamDeleted(stream);
    case 'timeout':
      return new Refusal(status.ABORTED, 'Operation timed out');
    default:
      return outcome satisfies never;
  }
}

function success(revision: bigint, position: number | undefined): AppendResp {
  const done = new streams.AppendResp.Success();
  if (revision < 0n) done.setNoStream(new shared.Empty());
  else done.setCurrentRevision(revision.toString());
  if (position === undefined) done.setNoPosition(new shared.Empty());
  else done.setPosition(placed(new streams.AppendResp.Position(), position));
  return new streams.AppendResp().setSuccess(done);
}

function wrong(expected: Expected, current: bigint): AppendResp {
  const detail = new streams.AppendResp.WrongExpectedVersion();
  if (current < 0n) detail.setCurrentNoStream(new shared.Empty());
  else detail.setCurrentRevision(current.toString());
  if (expected === 'any') detail.setExpectedAny(new shared.Empty());
  else if (expected === 'noStream') detail.setExpectedNoStream(new shared.Empty());
  else if (expected === 'streamExists') detail.setExpectedStreamExists(new shared.Empty());
  else detail.setExpectedRevision(expected.toString());
  return new streams.AppendResp().setWrongExpectedVersion(detail);
}
