import { z } from 'zod';
import { readEvents } from './event-stream.ts';
import { type ModelChunk, ModelError, type ModelRequest } from './port.ts';
import { asModelError, modelErrorOf, parseJson, type Secrets } from './provider-error.ts';
import { bodyOf, type Fetch } from './transport.ts';

/** A request whose caller wants to hear whenever something arrives, be it only a sign of life. */
export type WatchedRequest = ModelRequest & { readonly onActivity?: () => void };

interface Connection {
  readonly fetch: Fetch;
  readonly secrets: Secrets;
  /** The SDK tells events apart by their names, which are then taken from their data; the others stumble over names. */
  readonly namedEvents?: boolean;
}

/** Runs one streaming call of an SDK: its errors come out as `ModelError`, and its socket is closed when the reader leaves or the signal fires. */
export async function* streamingCall(
  { fetch, secrets, namedEvents = false }: Connection,
  request: WatchedRequest,
  run: (call: { fetch: Fetch; signal: AbortSignal }) => AsyncIterable<ModelChunk>,
): AsyncGenerator<ModelChunk> {
  const left = new AbortController();
  const signal = AbortSignal.any([request.signal, left.signal]);
  try {
    if (signal.aborted) throw stopped();
    yield* run({ fetch: eventsOnly(fetch, secrets, namedEvents, request.onActivity), signal });
    if (request.signal.aborted) throw stopped();
  } catch (thrown) {
    throw request.signal.aborted ? stopped() : asModelError(thrown);
  } finally {
    left.abort();
  }
}

export const stopped = () => new ModelError('Aborted', 'The call was stopped.');

/** For plain calls: a refusal of the server is thrown as `ModelError`, so that no SDK makes an error of its own with headers in it. */
export function refusalsThrown(fetch: Fetch, secrets: Secrets): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (!response.ok) throw modelErrorOf({ status: response.status, headers: response.headers, body: await beginning(response), secrets });
    if (response.headers.get('content-type')?.includes('text/html')) {
      await response.body?.cancel();
      throw new ModelError('Unavailable', 'A web page came instead of an answer of a model: check the base URL of the provider.');
    }
    return response;
  };
}

/** For streaming calls: the answer is rewritten to one well-formed event a chunk, which every SDK reads alike. */
function eventsOnly(fetch: Fetch, secrets: Secrets, named: boolean, onActivity: (() => void) | undefined): Fetch {
  const checked = refusalsThrown(fetch, secrets);
  return async (input, init) => {
    const response = await checked(input, init);
    if (response.headers.get('content-type')?.includes('application/json')) throw notStreamed(await beginning(response), secrets);
    const events = response.body ? bodyOf(wellFormed(noticed(response.body, onActivity), secrets, named)) : null;
    return new Response(events, { status: response.status, headers: { 'content-type': 'text/event-stream' } });
  };
}

async function* noticed(body: AsyncIterable<Uint8Array>, onActivity: (() => void) | undefined): AsyncGenerator<Uint8Array> {
  for await (const bytes of body) {
    onActivity?.();
    yield bytes;
  }
}

async function* wellFormed(body: AsyncIterable<Uint8Array>, secrets: Secrets, named: boolean): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const { event, data } of readEvents(body)) {
    if (data.trim() === '') continue;
    const value = parseJson(data);
    if (event === 'error' || hasError(value)) throw modelErrorOf({ body: data, secrets });
    if (value === undefined && data.trim() !== '[DONE]') throw new ModelError('Unavailable', 'The model server sent something that is not JSON.');
    const type = named ? Typed.safeParse(value).data?.type : undefined;
    yield Buffer.from(`${type ? `event: ${type.replace(/[\r\n]/g, '')}\n` : ''}data: ${data}\n\n`);
  }
}

const Typed = z.object({ type: z.string() });
const hasError = (value: unknown) => typeof value === 'object' && value !== null && 'error' in value && Boolean(value.error);

function notStreamed(body: string, secrets: Secrets): ModelError {
  if (hasError(parseJson(body))) return modelErrorOf({ body, secrets });
  return new ModelError('Unavailable', 'The model server did not stream its answer.');
}

/** At most 64 kB of a body, whatever its length and however it ends. */
async function beginning(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const bytes of response.body ?? []) {
      parts.push(bytes);
      size += bytes.byteLength;
      if (size >= 65_536) break;
    }
  } catch {
    // What came before the break is all there is to tell.
  }
  return Buffer.concat(parts).toString('utf8', 0, 65_536);
}
