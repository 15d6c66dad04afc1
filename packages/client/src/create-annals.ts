import { AssistantChatTransport } from '@assistant-ui/ai-sdk';
import type { UIMessage } from 'ai';
import { AssistantCloud } from 'assistant-cloud';
import { createChatFetch } from './chat-fetch.ts';
import { record, text } from './json.ts';
import { pageOrigin } from './page.ts';
import { sendAutomaticallyWhen } from './send-automatically.ts';
import { createStreamStorage, type StreamStorage } from './streams.ts';
import { createTokenSource } from './token.ts';

export interface AnnalsOptions {
  /** Where the server is, e.g. `https://annals.example`; this page's own origin by default. A path in front is kept. */
  readonly baseUrl?: string;
  /** Gives a JWT (with `exp`) for the person signed in. Without it the server decides who this browser is, and if it does not know, an anonymous identity is made. */
  readonly getToken?: () => Promise<string | null>;
  /** Asked when the server knows nobody here: whether an anonymous identity is made then, as it is by default. A page that leads to a login answers false. */
  readonly anonymous?: () => Promise<boolean>;
  /** Extra fields of every chat request, e.g. `() => ({ model: 'gpt-x' })`. */
  readonly body?: () => object;
}

export interface Annals {
  readonly cloud: AssistantCloud;
  readonly transport: AssistantChatTransport<UIMessage>;
  readonly sendAutomaticallyWhen: (options: { messages: UIMessage[] }) => boolean;
  /** Ends the run of a thread on the server; its text so far is kept. Pressing stop in assistant-ui calls it. Rejects when the server can't be reached or refuses. */
  stop(threadId: string): Promise<void>;
  /** The stream each thread is writing now; `getStreamId(threadId)` is null when there is nothing to resume. */
  readonly resumable: StreamStorage;
  /** The headers of a request in the same person's name. */
  headers(): Promise<Record<string, string>>;
}

/** Everything `useChatRuntime` needs to talk to an Annals server: `useChatRuntime({ cloud, transport, sendAutomaticallyWhen })`. */
export function createAnnals({ baseUrl = '', getToken, anonymous, body }: AnnalsOptions = {}): Annals {
  const root = absolute(baseUrl);
  const api = `${root}/aui/api/chat`;
  const tokens = createTokenSource({ baseUrl: `${root}/aui`, getToken, anonymous });
  const streams = createStreamStorage(root);
  const runs = new Map<string, string>();

  const askToStop = async (threadId: string) => {
    const streamId = streams.getStreamId(threadId);
    const runId = streamId && runs.get(streamId);
    const response = await fetch(`${api}/${encodeURIComponent(threadId)}/stop`, {
      method: 'POST',
      headers: { ...(await tokens.headers()), 'content-type': 'application/json' },
      body: JSON.stringify(runId ? { runId } : {}),
      keepalive: true,
    });
    if (!response.ok) throw new Error(`The run could not be stopped (${response.status}).`);
    if (streamId) streams.forget(streamId);
  };
  // assistant-ui may report one press more than once.
  const stopping = new Map<string, Promise<void>>();
  const stop = (threadId: string) => {
    const asked = stopping.get(threadId) ?? askToStop(threadId).finally(() => stopping.delete(threadId));
    stopping.set(threadId, asked);
    return asked;
  };
  const stopQuietly = (threadId: string) =>
    void stop(threadId).catch((error: unknown) => console.warn('[annals] stop did not reach the server', error));

  const cloud = new AssistantCloud({ baseUrl: `${root}/aui`, authToken: tokens.token });
  learnStreams(cloud, streams);
  onRunStopped(cloud, stopQuietly);

  const transport = new AssistantChatTransport<UIMessage>({
    api,
    headers: tokens.headers,
    ...(body ? { body } : {}),
    fetch: createChatFetch({ tokens, streams, onRun: (streamId, runId) => runs.set(streamId, runId), onAbandoned: stopQuietly }),
    resumable: {
      storage: streams,
      resumeApi: (streamId) => `${api}/resume/${encodeURIComponent(streamId)}`,
      isFinishEvent: (_chunk, accumulated) => accumulated.includes('"type":"finish"') || accumulated.includes('\ndata: [DONE]'),
    },
  });
  return { cloud, transport, sendAutomaticallyWhen, stop, resumable: streams, headers: tokens.headers };
}

const absolute = (baseUrl: string) => new URL(baseUrl || '/', pageOrigin()).href.replace(/\/$/, '');

/** Every answer about threads tells which of them is being written, and where: that is how another device finds a running stream. */
function learnStreams(cloud: AssistantCloud, streams: StreamStorage): void {
  const list = cloud.threads.list.bind(cloud.threads);
  const get = cloud.threads.get.bind(cloud.threads);
  const learn = (thread: { id: string; metadata?: unknown }) => {
    const metadata = record(thread.metadata);
    if ('activeStreamId' in metadata) streams.learn(thread.id, text(metadata.activeStreamId));
  };
  cloud.threads.list = async (query) => {
    const answer = await list(query);
    answer.threads.forEach(learn);
    return answer;
  };
  cloud.threads.get = async (threadId) => {
    const thread = await get(threadId);
    learn(thread);
    return thread;
  };
}

/** The stop button and `cancelRun` report this event; leaving or unmounting the page does not, so the run goes on. */
function onRunStopped(cloud: AssistantCloud, stop: (threadId: string) => void): void {
  const track = cloud.events.track.bind(cloud.events);
  cloud.events.track = (event) => {
    if (event.kind === 'run_stopped' && event.thread_id) stop(event.thread_id);
    track(event);
  };
}
