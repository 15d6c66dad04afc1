import type { UIMessage } from 'ai';
import * as v7 from 'ai';
import { AbstractChat, DefaultChatTransport } from 'ai';
import * as v6 from 'ai-v6';
import { UIMessageStreamDecoder } from 'assistant-stream';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { itemsFromParts } from '../../../../src/api/assistant-ui/wire/stream-item.ts';
import { partsFromUiMessage, uiMessageFrom } from '../../../../src/api/assistant-ui/wire/ui-message.ts';
import { createUiStreamEncoder } from '../../../../src/api/assistant-ui/wire/ui-stream.ts';
import type { Part, RunItem, ToolPart } from '../../../../src/domain/message.ts';
import { dataPart, filePart, run, sourcePart, toolPart, wordsPart } from './arbitraries.ts';
import {
  assistantUnderstood,
  encoded,
  readAssistantStream,
  readV6,
  readV7,
  serve,
  uiHeaders,
  uiText,
  uiUnderstood,
  withoutApprovals,
} from './decoders.ts';

const answer = (text: string, piece = 50) => ({ api: server.url, body: { text, piece } });

let server: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  server = await serve(uiHeaders);
});
afterAll(() => server.close());

const start: RunItem = { type: 'start', runId: 'run_1', messageId: 'msg_1', model: 'claude' };
const call: ToolPart = { type: 'tool', toolCallId: 'c1', toolName: 'mail', state: 'input-available', input: { to: 'bob' }, dynamic: true };

/** What the run says, told without any protocol. */
const meant = (items: readonly RunItem[]) => {
  const words: string[] = [];
  const tools = new Map<string, ToolPart>();
  let last: string | undefined;
  for (const item of items) {
    if (item.type === 'step-start' || item.type === 'step-finish') continue;
    if (item.type === 'tool') {
      const before = tools.get(item.part.toolCallId);
      if (!before?.state.startsWith('output')) tools.set(item.part.toolCallId, item.part);
    }
    if (item.type === 'text' || item.type === 'reasoning') {
      if (item.delta === '') continue;
      words.push(last === item.type ? words.pop() + item.delta : `${item.type}: ${item.delta}`);
    }
    last = item.type;
  }
  return { words, tools };
};

const stateShown = (tool: ToolPart, asked: boolean) =>
  tool.state === 'approval-responded' ? (asked ? 'approval-requested' : 'input-available') : tool.state;

const expected = (items: readonly RunItem[]) => {
  const { words, tools } = meant(items);
  const asked = new Set(items.flatMap((item) => (item.type === 'tool' && item.part.state === 'approval-requested' ? [item.part.toolCallId] : [])));
  const shown = [...tools.values()].map((tool) => [
    tool.toolCallId,
    JSON.stringify([
      stateShown(tool, asked.has(tool.toolCallId)),
      tool.input ?? {},
      tool.state === 'output-error' ? tool.errorText : (tool.output ?? null),
    ]),
  ]);
  return { words, tools: Object.fromEntries(shown) };
};

const errorsMeant = (items: readonly RunItem[]) => {
  const last = items.at(-1);
  return last?.type === 'finish' && last.outcome !== 'completed' && last.outcome !== 'cancelled'
    ? [last.error?.message ?? expect.stringContaining('The answer')]
    : [];
};

test('every client reads the same words, tool calls and error out of a run', async () => {
  await fc.assert(
    fc.asyncProperty(run, fc.integer({ min: 1, max: 400 }), async (items, piece) => {
      const text = uiText(items);
      const seven = await readV7(answer(text, piece));
      const six = await readV6(answer(text, piece));
      const understood = uiUnderstood(seven.message, seven.errors);
      expect(understood).toEqual({ ...expected(items), errors: errorsMeant(items) });
      expect(uiUnderstood(six.message, six.errors)).toEqual(understood);
      expect(assistantUnderstood(await readAssistantStream(text, new UIMessageStreamDecoder()))).toEqual(withoutApprovals(understood));
    }),
    { numRuns: 60 },
  );
});

test('a stored message streamed whole arrives as it is stored', async () => {
  const whole = fc.array(fc.oneof(wordsPart, sourcePart, filePart, dataPart, toolPart), { maxLength: 6 });
  const sameWords = (one: Part, other: Part | undefined) => (one.type === 'text' || one.type === 'reasoning') && other?.type === one.type;
  await fc.assert(
    fc.asyncProperty(whole, async (some) => {
      const parts = some
        .filter((part) => part.type !== 'tool' || (part.state !== 'approval-responded' && part.state !== 'output-denied'))
        .map(
          (part, index): Part =>
            part.type === 'tool' ? { ...part, toolCallId: `call_${index}` } : part.type === 'data' ? { ...part, id: `d${index}` } : part,
        )
        .filter((part, index, all) => !sameWords(part, all[index - 1]));
      const items = itemsFromParts({ runId: 'run_1', messageId: 'msg_1', model: 'm', parts, outcome: 'completed', finishReason: 'stop' });
      const { message, errors } = await readV7(answer(encoded(createUiStreamEncoder(), items)));
      expect(errors).toEqual([]);
      const shown = parts.map((part) => {
        if (part.type === 'file') return (({ filename: _filename, ...rest }) => rest)(part);
        if (part.type === 'tool' && part.state !== 'approval-requested') return (({ approval: _approval, ...rest }) => rest)(part);
        return part;
      });
      expect(partsFromUiMessage(JSON.parse(JSON.stringify(message))).parts).toEqual(shown);
    }),
    { numRuns: 60 },
  );
});

test('frames are whole wherever the items are divided', () => {
  fc.assert(
    fc.property(run, fc.nat(40), (items, cut) => {
      const encoder = createUiStreamEncoder();
      const first = items.slice(0, cut).map(encoder.encode).join('');
      const second = items.slice(cut).map(encoder.encode).join('') + encoder.end();
      expect(first + second).toBe(uiText(items));
      for (const half of [first, second]) expect(half).toMatch(/^(data: [^\n]+\n\n)*$/);
    }),
  );
});

test('a run is spelled in exactly these frames', () => {
  const items: RunItem[] = [
    start,
    { type: 'step-start', step: 0 },
    { type: 'reasoning', id: 'r1', delta: 'Hm' },
    { type: 'text', id: 't1', delta: 'Hel' },
    { type: 'text', id: 't1', delta: 'lo' },
    { type: 'tool-input', toolCallId: 'c1', toolName: 'mail', delta: '{"to":"bob"}' },
    { type: 'tool', part: call },
    { type: 'tool', part: { ...call, state: 'approval-requested', approval: { id: 'ap1', reason: 'sends a mail' } } },
    { type: 'step-finish' },
    { type: 'waiting' },
  ];
  expect(encoded(createUiStreamEncoder({ messageMetadata: { custom: { theme: 'x' } } }), items).split('\n\n')).toEqual([
    'data: {"type":"start","messageId":"msg_1","messageMetadata":{"custom":{"theme":"x","runId":"run_1"},"modelId":"claude"}}',
    'data: {"type":"start-step"}',
    'data: {"type":"reasoning-start","id":"r1"}',
    'data: {"type":"reasoning-delta","id":"r1","delta":"Hm"}',
    'data: {"type":"reasoning-end","id":"r1"}',
    'data: {"type":"text-start","id":"t1"}',
    'data: {"type":"text-delta","id":"t1","delta":"Hel"}',
    'data: {"type":"text-delta","id":"t1","delta":"lo"}',
    'data: {"type":"text-end","id":"t1"}',
    'data: {"type":"tool-input-start","toolCallId":"c1","toolName":"mail","dynamic":true}',
    'data: {"type":"tool-input-delta","toolCallId":"c1","inputTextDelta":"{\\"to\\":\\"bob\\"}"}',
    'data: {"type":"tool-input-available","toolCallId":"c1","toolName":"mail","input":{"to":"bob"},"dynamic":true}',
    'data: {"type":"tool-approval-request","approvalId":"ap1","toolCallId":"c1","reason":"sends a mail"}',
    'data: {"type":"finish-step"}',
    'data: {"type":"finish","finishReason":"tool-calls","messageMetadata":{"custom":{"runId":"run_1"}}}',
    'data: [DONE]',
    '',
  ]);
});

const chatThatHears = (text: string) => {
  const messages: UIMessage[] = [];
  const state = {
    status: 'ready' as const,
    error: undefined,
    messages,
    pushMessage(message: UIMessage) {
      this.messages = [...this.messages, message];
    },
    popMessage() {
      this.messages = this.messages.slice(0, -1);
    },
    replaceMessage(index: number, message: UIMessage) {
      this.messages = this.messages.with(index, message);
    },
    snapshot: <T>(value: T): T => structuredClone(value),
  };
  class Chat extends AbstractChat<UIMessage> {}
  return new Chat({ state, transport: new DefaultChatTransport(answer(text)) });
};

test.each(['failed', 'interrupted', 'expired'] as const)('a run that has %s shows what it had said, its usage and an error', async (outcome) => {
  const usage = { inputTokens: 3, outputTokens: 1 };
  const items: RunItem[] = [
    start,
    { type: 'step-start', step: 0 },
    { type: 'text', id: 't', delta: 'half a' },
    { type: 'finish', outcome, finishReason: 'other', usage },
  ];
  const chat = chatThatHears(uiText(items));
  await chat.sendMessage({ text: 'hi' });
  expect(chat.status).toBe('error');
  expect(chat.error?.message).toMatch(/^The answer /);
  expect(chat.lastMessage).toMatchObject({
    id: 'msg_1',
    metadata: { usage, custom: { runId: 'run_1', outcome } },
    parts: [{ type: 'step-start' }, { text: 'half a', state: 'done' }],
  });
});

test('a stopped run keeps what it had said and is no error', async () => {
  const chat = chatThatHears(
    uiText([start, { type: 'text', id: 't', delta: 'half a' }, { type: 'finish', outcome: 'cancelled', finishReason: 'other' }]),
  );
  await chat.sendMessage({ text: 'hi' });
  expect(chat.status).toBe('ready');
  expect(chat.lastMessage).toMatchObject({ parts: [{ text: 'half a', state: 'done' }], metadata: { custom: { outcome: 'cancelled' } } });
});

test('a stream that goes on after an approval completes the call that the client holds', async () => {
  const approved: ToolPart = { ...call, state: 'approval-responded', approval: { id: 'ap1', approved: true } };
  const held = { id: 'msg_1', ...uiMessageFrom({ role: 'assistant', parts: [approved], metadata: {} }) };
  const items: RunItem[] = [
    start,
    { type: 'step-start', step: 1 },
    { type: 'tool', part: { ...approved, state: 'output-available', output: { sent: true } } },
    { type: 'step-finish' },
    { type: 'step-start', step: 2 },
    { type: 'text', id: 't', delta: 'Sent.' },
    { type: 'finish', outcome: 'completed', finishReason: 'stop' },
  ];
  const reply = answer(encoded(createUiStreamEncoder({ heldToolCallIds: ['c1'] }), items));
  const [seven] = await v7.validateUIMessages({ messages: [held] });
  const [six] = await v6.validateUIMessages({ messages: [held] });
  for (const { message, errors } of [await readV7(reply, seven), await readV6(reply, six)]) {
    expect(errors).toEqual([]);
    expect(partsFromUiMessage(JSON.parse(JSON.stringify(message))).parts).toEqual([
      { ...approved, state: 'output-available', output: { sent: true } },
      { type: 'text', text: 'Sent.' },
    ]);
  }
});

test('a tool of the page is told as one from its first piece of input on', async () => {
  const part: ToolPart = { ...call, dynamic: false };
  const items: RunItem[] = [
    start,
    { type: 'tool-input', toolCallId: 'c1', toolName: 'mail', delta: '{"to"' },
    { type: 'tool', part },
    { type: 'waiting' },
  ];
  const { message } = await readV7(answer(encoded(createUiStreamEncoder({ frontendTools: new Set(['mail']) }), items)));
  expect(message?.parts).toMatchObject([{ type: 'tool-mail', state: 'input-available', input: { to: 'bob' } }]);
});

test('a part of an unknown kind does not end the stream', async () => {
  const raw: Part = { type: 'raw', format: 'ai-sdk/v6', value: { type: 'steering-message', id: 'x' } };
  const text = encoded(createUiStreamEncoder(), [start, { type: 'part', part: raw }, { type: 'text', id: 't', delta: 'on' }]);
  const { message, errors } = await readV6(answer(text));
  expect(errors).toEqual([]);
  expect(partsFromUiMessage(JSON.parse(JSON.stringify(message))).parts).toEqual([raw, { type: 'text', text: 'on' }]);
});

test('a call whose state comes in a later step than its input stays one call', async () => {
  const requested: ToolPart = { ...call, state: 'approval-requested', approval: { id: 'ap1' } };
  const items: RunItem[] = [
    start,
    { type: 'step-start', step: 0 },
    { type: 'tool-input', toolCallId: 'c1', toolName: 'mail', delta: '{"to":"bob"}' },
    { type: 'step-finish' },
    { type: 'step-start', step: 1 },
    { type: 'tool', part: requested },
    { type: 'waiting' },
  ];
  const { message, errors } = await readV7(answer(uiText(items)));
  expect(errors).toEqual([]);
  expect(partsFromUiMessage(JSON.parse(JSON.stringify(message))).parts).toEqual([requested]);
});

test('arguments that were cut off by the end of a run are told as far as they came', async () => {
  const items: RunItem[] = [
    start,
    { type: 'step-start', step: 0 },
    { type: 'tool-input', toolCallId: 'c1', toolName: 'mail', delta: '{"to":"bo' },
    { type: 'finish', outcome: 'cancelled', finishReason: 'other' },
  ];
  const { message, errors } = await readV7(answer(uiText(items)));
  expect(errors).toEqual([]);
  expect(message?.parts.at(-1)).toMatchObject({ state: 'input-streaming', input: { to: 'bo' } });
});
