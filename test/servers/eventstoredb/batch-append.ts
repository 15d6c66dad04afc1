import streams, { type BatchAppendReq, type BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { type Asked, answerTo, malformed, timedOut, tooLarge } from './batch-answers.ts';
import type { Expected } from './judge.ts';
import { MAX_APPEND_SIZE, nameOf, parseProposal, sizeOf } from './proposals.ts';
import type { Proposed } from './record.ts';
import type { Writer } from './writer.ts';

type Call = ServerDuplexStream<BatchAppendReq, BatchAppendResp>;

/** The real server forgets to drop an append with a malformed event, and answers it once more when its time is up. */
const SECOND_ANSWER_AFTER_MS = 2000;

interface Pending extends Asked {
  readonly stream: string;
  readonly deadline: number;
  readonly events: Proposed[];
}

/** Many appends over one call, each in one or more parts and answered under its correlation id. */
export function batchAppend(writer: Writer, call: Call): void {
  const pending = new Map<string, Pending>();
  const answer = (response: BatchAppendResp): void => {
    if (!call.cancelled && !call.writableEnded) call.write(response);
  };
  call.on('data', (request: BatchAppendReq) => {
    const correlation = request.getCorrelationId()?.getString() ?? '';
    const append = pending.get(correlation) ?? begun(request);
    if (!append) return;
    const problem = take(append, request);
    if (problem || request.getIsFinal()) pending.delete(correlation);
    else pending.set(correlation, append);
    if (problem === 'malformed') setTimeout(() => answer(timedOut(append)), SECOND_ANSWER_AFTER_MS).unref();
    if (problem) answer(problem === 'too-large' ? tooLarge(append) : malformed(append));
    else if (request.getIsFinal()) void writer.append(append).then((outcome) => answer(answerTo(append, outcome)));
  });
  call.on('end', () => call.end());
}

/** Nothing when this is the rest of an append that was refused already: only a first part has options. */
function begun(request: BatchAppendReq): Pending | undefined {
  const options = request.getOptions();
  const correlation = request.getCorrelationId();
  const identifier = options?.getStreamIdentifier();
  if (!options || !correlation || !identifier) return undefined;
  const deadline = options.getDeadline()?.toDate().getTime() ?? Infinity;
  return { correlation, identifier, stream: nameOf(identifier), expected: expectedOf(options), deadline, events: [] };
}

function expectedOf(options: BatchAppendReq.Options): Expected {
  const { ExpectedStreamPositionCase: Case } = streams.BatchAppendReq.Options;
  switch (options.getExpectedStreamPositionCase()) {
    case Case.STREAM_POSITION:
      return BigInt(options.getStreamPosition());
    case Case.NO_STREAM:
      return 'noStream';
    case Case.STREAM_EXISTS:
      return 'streamExists';
    default:
      return 'any';
  }
}

function take(append: Pending, request: BatchAppendReq): 'no-name' | 'malformed' | 'too-large' | undefined {
  if (append.stream === '') return 'no-name';
  for (const message of request.getProposedMessagesList()) {
    const event = parseProposal(message);
    if (!event) return 'malformed';
    append.events.push(event);
  }
  return sizeOf(append.events) > MAX_APPEND_SIZE ? 'too-large' : undefined;
}
