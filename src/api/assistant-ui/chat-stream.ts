import type { RunItem } from '../../domain/message.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import { sendStream } from '../http/stream.ts';
import type { Answered } from './chat.ts';
import type { Dialect } from './dialect.ts';
import { createDataStreamEncoder, DATA_STREAM_HEADERS } from './wire/data-stream.ts';
import { createUiStreamEncoder, type StreamEncoder, UI_STREAM_HEADERS } from './wire/ui-stream.ts';

export interface StreamForm {
  readonly protocol: 'ui-message' | 'data-stream';
  readonly frontendTools?: ReadonlySet<string>;
}

/** Streams a run to its end or pause. The reader may leave; the run goes on. */
export async function streamRun(
  { addresses }: Dialect,
  request: RouteRequest,
  answered: Answered,
  { protocol, frontendTools }: StreamForm,
): Promise<undefined> {
  const { annals, principal, req, res, signal } = request;
  const { conversationId, runId, segment, held } = answered;
  const links = addresses.links(req, principal);
  const encoder =
    protocol === 'data-stream'
      ? createDataStreamEncoder({ heldToolCallIds: held, links })
      : createUiStreamEncoder({ heldToolCallIds: held, frontendTools, links });
  const following = answered.waits
    ? { ok: true as const, items: waiting(answered) }
    : await annals.follow(principal, { topic: 'run', conversationId, runId, segment }, { signal });
  if (!following.ok) throw new HttpError(following.error.code, following.error.message);
  const headers = protocol === 'data-stream' ? DATA_STREAM_HEADERS : UI_STREAM_HEADERS;
  await sendStream(res, {
    headers: { ...headers, 'x-resumable-stream-id': `${runId}.${segment}` },
    signal,
    frames: frames(following.items, encoder),
    ...(protocol === 'data-stream' ? { keepAlive: '\n' } : {}),
  });
  return undefined;
}

async function* waiting({ runId, messageId }: Answered): AsyncGenerator<{ item: RunItem }> {
  yield { item: { type: 'start', runId, messageId, model: '' } };
  yield { item: { type: 'waiting' } };
}

async function* frames(items: AsyncIterable<{ readonly item: RunItem }>, encoder: StreamEncoder): AsyncGenerator<string> {
  for await (const { item } of items) yield encoder.encode(item);
  yield encoder.end();
}
