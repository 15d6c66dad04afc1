import { DataStreamDecoder, UIMessageStreamDecoder } from 'assistant-stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDataStreamEncoder } from '../../../../src/api/assistant-ui/wire/data-stream.ts';
import type { RunItem, ToolPart } from '../../../../src/domain/message.ts';
import { run } from './arbitraries.ts';
import { assistantUnderstood, dataText, encoded, readAssistantStream, uiText } from './decoders.ts';

const start: RunItem = { type: 'start', runId: 'run_1', messageId: 'msg_1', model: 'claude' };
const call: ToolPart = { type: 'tool', toolCallId: 'c1', toolName: 'search', state: 'input-available', input: { q: 'x' }, dynamic: true };

const denied = (items: readonly RunItem[]) =>
  new Set(items.flatMap((item) => (item.type === 'tool' && item.part.state === 'output-denied' ? [item.part.toolCallId] : [])));

test('a client of the data stream reads what a client of the UI stream reads, and denials besides', async () => {
  await fc.assert(
    fc.asyncProperty(run, async (items) => {
      const data = assistantUnderstood(await readAssistantStream(dataText(items), new DataStreamDecoder()));
      const ui = assistantUnderstood(await readAssistantStream(uiText(items), new UIMessageStreamDecoder()));
      const refused = denied(items);
      const comparable = (tools: Record<string, string>) => Object.entries(tools).filter(([id]) => !refused.has(id));
      expect({ ...data, tools: comparable(data.tools) }).toEqual({ ...ui, tools: comparable(ui.tools) });
      for (const id of refused) expect(data.tools[id]).toContain('output-error');
    }),
    { numRuns: 80 },
  );
});

test('lines are whole wherever the items are divided', () => {
  fc.assert(
    fc.property(run, fc.nat(40), (items, cut) => {
      const encoder = createDataStreamEncoder();
      const first = items.slice(0, cut).map(encoder.encode).join('');
      const second = items.slice(cut).map(encoder.encode).join('') + encoder.end();
      expect(first + second).toBe(dataText(items));
      for (const half of [first, second]) expect(half).toMatch(/^([a-z0-9-]+:[^\n]+\n)*$/);
    }),
  );
});

test('a run is spelled in exactly these lines', () => {
  const items: RunItem[] = [
    start,
    { type: 'step-start', step: 0 },
    { type: 'text', id: 't', delta: 'Hi ' },
    { type: 'tool', part: call },
    { type: 'tool', part: { ...call, state: 'output-available', output: { hits: 2 } } },
    { type: 'step-finish', usage: { inputTokens: 5, outputTokens: 2 } },
    { type: 'finish', outcome: 'failed', finishReason: 'stop', error: { code: 'Overloaded', message: 'Try again later.' } },
  ];
  const source = { type: 'source-url' as const, sourceId: 's1', url: 'https://e.com', title: 'E' };
  expect(encoded(createDataStreamEncoder(), [...items.slice(0, 3), { type: 'part', part: source }, ...items.slice(3)]).split('\n')).toEqual([
    '2:[{"runId":"run_1","messageId":"msg_1","modelId":"claude"}]',
    'f:{"messageId":"msg_1"}',
    '0:"Hi "',
    'h:{"sourceType":"url","id":"s1","url":"https://e.com","title":"E"}',
    'b:{"toolCallId":"c1","toolName":"search"}',
    'c:{"toolCallId":"c1","argsTextDelta":"{\\"q\\":\\"x\\"}","isFinal":true}',
    'a:{"toolCallId":"c1","result":{"hits":2}}',
    'e:{"finishReason":"tool-calls","usage":{"inputTokens":5,"outputTokens":2},"isContinued":false}',
    '3:"Try again later."',
    'd:{"finishReason":"error","usage":{"inputTokens":0,"outputTokens":0}}',
    '',
  ]);
});
