import { RESUMABLE_STREAM_ID_HEADER } from '@assistant-ui/ai-sdk';
import { record, text } from './json.ts';
import type { StreamStorage } from './streams.ts';
import type { TokenSource } from './token.ts';

interface ChatFetchOptions {
  readonly tokens: TokenSource;
  readonly streams: StreamStorage;
  /** The run that writes a stream became known. */
  readonly onRun: (streamId: string, runId: string) => void;
  /** The request of a thread was given up before the server answered: nobody else can tell the server. */
  readonly onAbandoned: (threadId: string) => void;
}

/** `fetch` for the chat transport: renews a refused token once, and notes which stream and run belong to which thread. */
export function createChatFetch({ tokens, streams, onRun, onAbandoned }: ChatFetchOptions): typeof fetch {
  const send = async (input: Parameters<typeof fetch>[0], init: RequestInit | undefined) => {
    const response = await fetch(input, init);
    if (response.status !== 401) return response;
    tokens.drop();
    const headers = new Headers(init?.headers);
    for (const [name, value] of Object.entries(await tokens.headers())) headers.set(name, value);
    return fetch(input, { ...init, headers });
  };

  return async (input, init) => {
    const threadId = threadOf(init?.body);
    const resumed = threadId ? undefined : decodeURIComponent(String(input).split('/').at(-1) ?? '');
    const abandon = () => threadId && onAbandoned(threadId);
    init?.signal?.addEventListener('abort', abandon, { once: true });
    const response = await send(input, init).finally(() => init?.signal?.removeEventListener('abort', abandon));

    const streamId = response.headers.get(RESUMABLE_STREAM_ID_HEADER) ?? resumed;
    if (streamId && threadId) streams.bind(streamId, threadId);
    if (resumed && (response.status === 204 || response.status === 404)) streams.forget(resumed);
    if (!streamId || !response.ok || !response.body) return response;
    return new Response(response.body.pipeThrough(watchForRun((runId) => onRun(streamId, runId))), response);
  };
}

function threadOf(body: RequestInit['body']): string | undefined {
  if (typeof body !== 'string') return undefined;
  return text(record(JSON.parse(body)).id) ?? undefined;
}

const LOOKED_AT = 8192;

/** Passes the bytes on unchanged and finds the run's id in the first frame, `{"type":"start",…,"runId":"…"}`. */
function watchForRun(onRun: (runId: string) => void): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  const decoder = new TextDecoder();
  let seen: string | undefined = '';
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      if (seen === undefined) return;
      seen += decoder.decode(chunk, { stream: true });
      const runId = /"runId":"([^"\\]+)"/.exec(seen)?.[1];
      if (runId) onRun(runId);
      if (runId || seen.length > LOOKED_AT) seen = undefined;
    },
  });
}
