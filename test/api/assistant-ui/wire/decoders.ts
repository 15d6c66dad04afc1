import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import * as v7 from 'ai';
import * as v6 from 'ai-v6';
import type { AssistantMessage } from 'assistant-stream';
import { AssistantMessageAccumulator, type DataStreamDecoder, type UIMessageStreamDecoder } from 'assistant-stream';
import { z } from 'zod';
import { createDataStreamEncoder } from '../../../../src/api/assistant-ui/wire/data-stream.ts';
import type { StreamEncoder } from '../../../../src/api/assistant-ui/wire/ui-stream.ts';
import { createUiStreamEncoder, UI_STREAM_HEADERS } from '../../../../src/api/assistant-ui/wire/ui-stream.ts';
import type { RunItem } from '../../../../src/domain/message.ts';

export const encoded = (encoder: StreamEncoder, items: readonly Parameters<StreamEncoder['encode']>[0][]) =>
  items.map(encoder.encode).join('') + encoder.end();

/** What a client has understood, in the form in which all of them can be compared. */
export type Understood = { words: string[]; tools: Record<string, string>; errors: string[] };

const wordsOf = (parts: readonly { type: string; text?: string }[]) => {
  const words: string[] = [];
  let last: string | undefined;
  for (const { type, text } of parts) {
    if (type === 'step-start') continue;
    if ((type === 'text' || type === 'reasoning') && type === last) words.push(words.pop() + String(text));
    else if (type === 'text' || type === 'reasoning') words.push(`${type}: ${text}`);
    last = type;
  }
  return words;
};

type UiPart = { type: string; text?: string; toolCallId?: string; state?: string; input?: unknown; output?: unknown; errorText?: string };

export const uiUnderstood = (message: { parts: readonly UiPart[] } | undefined, errors: readonly string[]): Understood => {
  const parts = message?.parts ?? [];
  const tools = parts.filter(({ toolCallId }) => toolCallId !== undefined);
  return {
    words: wordsOf(parts),
    tools: Object.fromEntries(
      tools.map((tool) => [tool.toolCallId, JSON.stringify([tool.state, tool.input ?? null, tool.output ?? tool.errorText ?? null])]),
    ),
    errors: [...errors],
  };
};

const stateless = ['input-available', 'approval-requested', 'output-denied'];

/** assistant-stream knows neither approvals nor denials over the UI stream, so these are one state to it. */
export const withoutApprovals = ({ words, tools, errors }: Understood): Understood => ({
  words,
  tools: Object.fromEntries(
    Object.entries(tools).map(([id, tool]) => {
      const [state, input, result] = JSON.parse(tool);
      return [id, JSON.stringify([stateless.includes(state) ? 'called' : state, input, result])];
    }),
  ),
  errors,
});

/** A server on a free port that answers a POST with the text that the request asks for, in pieces of any size. */
export const serve = async (headers: Record<string, string>) => {
  const server = createServer(async (request, response) => {
    const { text, piece } = z.object({ text: z.string(), piece: z.number() }).parse(await json(request));
    response.writeHead(200, headers);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += piece) response.write(bytes.subarray(at, at + piece));
    response.end();
  });
  server.keepAliveTimeout = 0;
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return { url: `http://127.0.0.1:${port}/api/chat`, close: () => new Promise((closed) => server.close(closed)) };
};

export type Reply = { api: string; body: { text: string; piece: number } };
const send = { chatId: 'c', messages: [], trigger: 'submit-message' as const, messageId: undefined, abortSignal: undefined };

export const readV7 = async (reply: Reply, message?: v7.UIMessage) => {
  const errors: string[] = [];
  const onError = (error: unknown) => errors.push(error instanceof Error ? error.message : String(error));
  const stream = await new v7.DefaultChatTransport(reply).sendMessages(send);
  let last: v7.UIMessage | undefined;
  for await (const state of v7.readUIMessageStream({ stream, onError, ...(message ? { message } : {}) })) last = state;
  return { message: last, errors };
};

export const readV6 = async (reply: Reply, message?: v6.UIMessage) => {
  const errors: string[] = [];
  const onError = (error: unknown) => errors.push(error instanceof Error ? error.message : String(error));
  const stream = await new v6.DefaultChatTransport(reply).sendMessages(send);
  let last: v6.UIMessage | undefined;
  for await (const state of v6.readUIMessageStream({ stream, onError, ...(message ? { message } : {}) })) last = state;
  return { message: last, errors };
};

export const readAssistantStream = async (text: string, decoder: UIMessageStreamDecoder | DataStreamDecoder) => {
  const accumulator = new AssistantMessageAccumulator();
  const body = new Response(text).body;
  if (!body) throw new Error('no body');
  let last: AssistantMessage | undefined;
  for await (const state of body.pipeThrough(decoder).pipeThrough(accumulator)) last = state;
  return last;
};

export const assistantUnderstood = (message: AssistantMessage | undefined): Understood => {
  const parts = message?.parts ?? [];
  const status = message?.status;
  const error = status?.type === 'incomplete' && status.reason === 'error' ? status.error : undefined;
  return {
    words: wordsOf(parts),
    tools: Object.fromEntries(
      parts.flatMap((part) =>
        part.type === 'tool-call'
          ? [
              [
                part.toolCallId,
                JSON.stringify([
                  part.state !== 'result' ? 'called' : part.isError ? 'output-error' : 'output-available',
                  part.args,
                  part.result ?? null,
                ]),
              ],
            ]
          : [],
      ),
    ),
    errors: error && typeof error === 'object' && 'message' in error ? [String(error.message)] : [],
  };
};

export const uiText = (items: readonly RunItem[]) => encoded(createUiStreamEncoder(), items);
export const dataText = (items: readonly RunItem[]) => encoded(createDataStreamEncoder(), items);
export const uiHeaders: Record<string, string> = { ...UI_STREAM_HEADERS };
