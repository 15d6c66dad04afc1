import * as v7 from 'ai';
import * as v6 from 'ai-v6';
import { AssistantMessageAccumulator, UIMessageStreamDecoder } from 'assistant-stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { bearer } from '../http/start-server.ts';
import { type AuiServer, ada, chunksIn, type Person, saidIn, startAui, user } from './aui-server.ts';

let server: AuiServer;
let me: Person;
beforeAll(async () => {
  server = await startAui();
  me = await server.as(ada);
});
afterAll(() => server.stop());

const open = (thread: string, message: object, signal?: AbortSignal) =>
  server.call('POST', '/aui/api/chat', { body: { id: thread, messages: [message] }, headers: bearer(me.token), ...(signal ? { signal } : {}) });

/** Reads so many bytes of the answer at least, then leaves. */
async function readSome(response: Response, bytes: number, leaving: AbortController): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let seen = '';
  while (seen.length < bytes) {
    const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
    seen += decoder.decode(value, { stream: true });
    if (done) break;
  }
  leaving.abort();
  return seen;
}

/** Words of a text, in frames that do not depend on how they were cut. */
const thoughtIn = (text: string): string =>
  chunksIn(text)
    .flatMap((chunk) => (chunk.type === 'reasoning-delta' ? [chunk.delta] : []))
    .join('');
const wholeOf = (text: string) => ({
  said: saidIn(text),
  start: chunksIn(text)[0],
  types: [...new Set(chunksIn(text).map(({ type }) => type))],
  done: text.endsWith('data: [DONE]\n\n'),
});

test('wherever a reader is cut off, the stream’s name gives the whole message again, from this and any other request', async () => {
  for (const bytes of [1, 300, 700, 2000, 5000]) {
    const thread = await me.thread();
    const leaving = new AbortController();
    const response = await open(thread, user('c1', '/think a thought\n/long 120\n/pace 2'), leaving.signal);
    const streamId = response.headers.get('x-resumable-stream-id');
    await readSome(response, bytes, leaving);
    const [resumed, whole] = await Promise.all([
      me.call('GET', `/aui/api/chat/resume/${streamId}`),
      me.call('GET', `/aui/api/chat/${thread}/stream`),
    ]);
    const later = await me.call('GET', `/aui/api/chat/resume/${streamId}`);
    expect(wholeOf(resumed.text).said.split(' ')).toHaveLength(120);
    expect(wholeOf(later.text)).toEqual(wholeOf(resumed.text));
    expect(thoughtIn(resumed.text)).toBe('a thought');
    if (whole.status === 200) expect(wholeOf(whole.text)).toEqual(wholeOf(resumed.text));
    else expect(whole.status).toBe(204);
    expect((await me.history(thread))[0]?.id).toBe(wholeOf(resumed.text).start.messageId);
  }
});

test('a stream is there after its live log has gone, from the events alone', async () => {
  const thread = await me.thread();
  const answer = await me.chat(thread, [user('c1', '/think a thought\n/long 30')]);
  await server.installation.disk.liveLog.sweep(Number.MAX_SAFE_INTEGER);
  const resumed = await me.call('GET', `/aui/api/chat/resume/${answer.headers.get('x-resumable-stream-id')}`);
  expect(wholeOf(resumed.text)).toEqual(wholeOf(answer.text));
});

test('a thread in which nothing is written has no stream, and a stream nobody knows is not found', async () => {
  const thread = await me.thread();
  expect((await me.call('GET', `/aui/api/chat/${thread}/stream`)).status).toBe(204);
  for (const streamId of ['run_unknown.0', 'nonsense', 'run_.0', 'run_unknown.x'])
    expect((await me.call('GET', `/aui/api/chat/resume/${streamId}`)).status).toBe(404);
  const answer = await me.chat(thread, [user('c1', '/echo x')]);
  const [runId] = (answer.headers.get('x-resumable-stream-id') ?? '').split('.');
  expect((await me.call('GET', `/aui/api/chat/resume/${runId}.7`)).status).toBe(404);
});

type Part = { type: string; text?: string; state?: string };
const sketch = (message: { id: string; parts: Part[]; metadata?: unknown } | undefined) => ({
  id: message?.id,
  parts: message?.parts.map(({ type, text, state }) => [type, text ?? state]),
  metadata: message?.metadata,
});

const readers = {
  'ai@7': async (thread: string, resume: boolean) => {
    const transport = new v7.DefaultChatTransport<v7.UIMessage>({ api: `${server.url}/aui/api/chat`, headers: bearer(me.token) });
    const messages: v7.UIMessage[] = [{ id: 'c1', role: 'user', parts: [{ type: 'text', text: script }] }];
    const options = { chatId: thread, abortSignal: undefined };
    const stream = resume
      ? await transport.reconnectToStream(options)
      : await transport.sendMessages({ ...options, trigger: 'submit-message', messageId: undefined, messages });
    let last: v7.UIMessage | undefined;
    if (stream) for await (const message of v7.readUIMessageStream({ stream, onError: (error) => expect(error).toBeUndefined() })) last = message;
    return sketch(last as never);
  },
  'ai@6': async (thread: string, resume: boolean) => {
    const transport = new v6.DefaultChatTransport<v6.UIMessage>({ api: `${server.url}/aui/api/chat`, headers: bearer(me.token) });
    const messages: v6.UIMessage[] = [{ id: 'c1', role: 'user', parts: [{ type: 'text', text: script }] }];
    const options = { chatId: thread, abortSignal: undefined };
    const stream = resume
      ? await transport.reconnectToStream(options)
      : await transport.sendMessages({ ...options, trigger: 'submit-message', messageId: undefined, messages });
    let last: v6.UIMessage | undefined;
    if (stream) for await (const message of v6.readUIMessageStream({ stream, onError: (error) => expect(error).toBeUndefined() })) last = message;
    return sketch(last as never);
  },
};
const script = '/think deep\n/long 60\n/pace 5';

test('ai@6 and ai@7 read an answer and its resumption alike, and as the history has it', async () => {
  for (const read of Object.values(readers)) {
    const thread = await me.thread();
    const reading = read(thread, false);
    const active = async (): Promise<boolean> => (await me.history(thread)).length === 2;
    while (!(await active()));
    const resumed = await read(thread, true);
    const sent = await reading;
    if (resumed.id !== undefined) expect(resumed).toEqual(sent);
    const [row] = await me.history(thread);
    expect(sent.id).toBe(row?.id);
    expect(sent.metadata).toEqual(row?.content.metadata);
    expect(sent.parts?.map(([type, text]) => [type, text === 'done' ? undefined : text])).toEqual(
      row?.content.parts.map(({ type, text }: Part) => [type, text]),
    );
  }
});

const Message = z.object({ parts: z.array(z.object({ type: z.string(), text: z.string().optional() })) });

test('assistant-stream reads it too', async () => {
  const thread = await me.thread();
  const response = await open(thread, user('c1', '/think deep\n/echo said'));
  if (!response.body) throw new Error('no body');
  let last: z.infer<typeof Message> | undefined;
  await response.body
    .pipeThrough(new UIMessageStreamDecoder() as never)
    .pipeThrough(new AssistantMessageAccumulator() as never)
    .pipeTo(
      new WritableStream({
        write: (message) => {
          last = Message.parse(message);
        },
      }),
    );
  expect(last?.parts.map(({ type, text }) => [type, text])).toEqual([
    ['reasoning', 'deep'],
    ['text', 'said'],
  ]);
});
