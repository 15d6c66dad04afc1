import fc from 'fast-check';
import type { JsonValue } from '../../../../src/api/assistant-ui/wire/json.ts';
import { JsonObject } from '../../../../src/api/assistant-ui/wire/json.ts';
import { FileId } from '../../../../src/domain/ids.ts';
import type { FinishReason, RunItem } from '../../../../src/domain/message.ts';
import { Outcome, Part, ToolPart } from '../../../../src/domain/message.ts';

const json = fc.jsonValue({ maxDepth: 2, noUnicodeString: false }).map((value): JsonValue => JSON.parse(JSON.stringify(value)));
export const jsonObject = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,6}$/), json, { maxKeys: 3 })
  .map((value) => JsonObject.parse(JSON.parse(JSON.stringify(value))));
const name = fc.stringMatching(/^[a-z][a-z_-]{0,8}$/);
export const words = fc.string({ minLength: 1, maxLength: 12 });
const metadata = fc.option(fc.dictionary(fc.constantFrom('mcp', 'rag'), jsonObject), { nil: undefined });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** The same without members that are undefined, as storage has it. */
const stored =
  <T>(schema: { parse: (value: unknown) => T }) =>
  (value: unknown) =>
    schema.parse(JSON.parse(JSON.stringify(value)));

const ids = {
  toolCallId: fc.stringMatching(/^call_[a-z]{1,8}$/),
  toolName: name,
  input: jsonObject,
  dynamic: fc.boolean(),
  providerMetadata: metadata,
};
const approval = (approved: boolean | undefined) => fc.record({ id: words, approved: fc.constant(approved), reason: maybe(words) });
const type = fc.constant('tool');

/** Tool calls whose fields go with their state. */
export const toolPart: fc.Arbitrary<ToolPart> = fc
  .oneof(
    fc.record({ ...ids, type, state: fc.constant('input-available') }),
    fc.record({ ...ids, type, state: fc.constant('approval-requested'), approval: approval(undefined) }),
    fc.record({ ...ids, type, state: fc.constant('approval-responded'), approval: fc.oneof(approval(true), approval(false)) }),
    fc.record({ ...ids, type, state: fc.constant('output-available'), output: json, approval: maybe(approval(true)) }),
    fc.record({ ...ids, type, state: fc.constant('output-error'), errorText: words, approval: maybe(approval(true)) }),
    fc.record({ ...ids, type, state: fc.constant('output-denied'), approval: approval(false) }),
  )
  .map(stored(ToolPart));

const mediaType = fc.constantFrom('image/png', 'image/webp', 'application/pdf', 'text/plain');
const url = fc.constantFrom('https://example.org/a.png', 'https://example.org/paper', 'data:image/png;base64,AAAA', '/somewhere/else');
const fileId = fc.stringMatching(/^file-[A-Za-z0-9]{1,12}$/).map((id) => FileId.parse(id));

export const filePart = fc
  .oneof(
    fc.record({ type: fc.constant('file'), mediaType, filename: maybe(words), url }),
    fc.record({ type: fc.constant('file'), mediaType, filename: maybe(words), fileId }),
  )
  .map(stored(Part));

export const wordsPart = fc.record({ type: fc.constantFrom('text', 'reasoning'), text: words }).map(stored(Part));

export const sourcePart = fc
  .oneof(
    fc.record({ type: fc.constant('source-url'), sourceId: words, url, title: maybe(words), providerMetadata: metadata }),
    fc.record({ type: fc.constant('source-document'), sourceId: words, mediaType, title: words, filename: maybe(words), providerMetadata: metadata }),
  )
  .map(stored(Part));

export const dataPart = fc
  .record({ type: fc.constant('data'), name: fc.oneof(name, fc.constant('annals-part')), id: maybe(words), data: json })
  .map(stored(Part));

const rawValue = fc.oneof(
  json,
  fc.record({ type: fc.constantFrom('text', 'generative-ui', 'custom', 'tool-search', 'data-x', 'step-start'), text: json }),
);
export const rawPart = fc
  .record({ type: fc.constant('raw'), format: fc.constantFrom('ai-sdk/v6', 'aui/v0', 'elsewhere'), value: rawValue })
  .map(stored(Part));

export const part = fc.oneof(wordsPart, filePart, sourcePart, dataPart, rawPart, toolPart);
export const parts = fc.array(part, { maxLength: 8 });
export const role = fc.constantFrom('user' as const, 'assistant' as const, 'system' as const);

const piecesOf = (text: string) =>
  fc.array(fc.nat(text.length), { maxLength: 3 }).map((cuts) => {
    const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
    return places.slice(1).map((to, index) => text.slice(places[index], to));
  });

const wordsItems = fc
  .record({ type: fc.constantFrom('text' as const, 'reasoning' as const), id: fc.constantFrom('a', 'b', 'c'), text: words })
  .chain(({ type, id, text }) => piecesOf(text).map((pieces): RunItem[] => pieces.map((delta) => ({ type, id, delta }))));

const before: Record<ToolPart['state'], ToolPart['state'][]> = {
  'input-available': [],
  'approval-requested': ['input-available'],
  'approval-responded': ['approval-requested'],
  'output-available': ['input-available'],
  'output-error': ['input-available'],
  'output-denied': ['approval-requested'],
};

const early = (tool: ToolPart, state: ToolPart['state']) => {
  const { output: _output, errorText: _errorText, approval, ...rest } = tool;
  return ToolPart.parse({ ...rest, state, ...(state === 'approval-requested' ? { approval: { id: approval?.id ?? 'approval' } } : {}) });
};

/** A tool call as a run tells it: its input by and by, then each state it passes through, the last one perhaps twice. */
const toolItems = toolPart
  .map((tool) => ToolPart.parse({ ...tool, dynamic: true }))
  .chain((tool) =>
    fc.record({ tool: fc.constant(tool), streamed: fc.option(piecesOf(JSON.stringify(tool.input))), passed: fc.boolean(), twice: fc.boolean() }),
  )
  .map(({ tool, streamed, passed, twice }): RunItem[] => {
    const { toolCallId, toolName } = tool;
    const states = passed ? before[tool.state].map((state) => early(tool, state)) : [];
    const told = [...states, tool, ...(twice ? [tool] : [])];
    return [
      ...(streamed ?? []).map((delta) => ({ type: 'tool-input' as const, toolCallId, toolName, delta })),
      ...told.map((part) => ({ type: 'tool' as const, part })),
    ];
  });

const usage = fc.record({ inputTokens: fc.nat(1000), outputTokens: fc.nat(1000) });
const reason = fc.constantFrom<FinishReason>('stop', 'length', 'content-filter', 'tool-calls', 'error', 'other');

const ending: fc.Arbitrary<RunItem> = fc.oneof(
  fc.constant({ type: 'waiting' as const }),
  fc
    .record({
      outcome: fc.constantFrom(...Outcome.options),
      finishReason: reason,
      usage: maybe(usage),
      error: maybe(fc.constant({ code: 'Overloaded', message: 'The model is overloaded.' })),
    })
    .map(({ outcome, finishReason, usage, error }) => ({
      type: 'finish' as const,
      outcome,
      finishReason,
      ...(usage ? { usage } : {}),
      ...(error ? { error } : {}),
    })),
);

const renamed = (item: RunItem, toolCallId: string): RunItem => {
  if (item.type === 'tool') return { ...item, part: { ...item.part, toolCallId } };
  return item.type === 'tool-input' ? { ...item, toolCallId } : item;
};

/** A run from its start to its end, in steps. */
export const run: fc.Arbitrary<RunItem[]> = fc
  .array(fc.array(fc.oneof(wordsItems, toolItems), { maxLength: 5 }), { maxLength: 3 })
  .chain((steps) => fc.tuple(fc.constant(steps), ending))
  .map(([steps, last]) => [
    { type: 'start', runId: 'run_1', messageId: 'msg_1', model: 'claude' },
    ...steps.flatMap((step, index): RunItem[] => [
      { type: 'step-start', step: index },
      ...step.flatMap((items, place) => items.map((item) => renamed(item, `call_${index}_${place}`))),
      { type: 'step-finish', usage: { inputTokens: 1, outputTokens: 2 } },
    ]),
    last,
  ]);
