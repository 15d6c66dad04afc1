import type { Part, RunItem, ToolPart, Usage } from '../../../domain/message.ts';
import type { FileLinks } from './file-links.ts';
import { fileLinks, urlOfFile } from './file-links.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { withoutUndefined } from './json.ts';
import { keptPart, keptPartName } from './kept-part.ts';
import type { StreamItem } from './stream-item.ts';
import { createToolTracker, errorTextAtEnd, wireFinishReason } from './stream-item.ts';
import type { StreamEncoder } from './ui-stream.ts';
import { errorTextOf, outputOf } from './ui-tool.ts';

export const DATA_STREAM_HEADERS = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-cache',
  connection: 'keep-alive',
  'x-vercel-ai-data-stream': 'v1',
  'x-accel-buffering': 'no',
} as const;

export type DataStreamOptions = {
  /** Tool calls that the client holds already: this protocol cannot speak of them again, so their results are left out. */
  readonly heldToolCallIds?: Iterable<string> | undefined;
  readonly links?: FileLinks | undefined;
};

type Line = readonly [code: string, value: JsonValue];

const usageJson = (usage: Usage | undefined): JsonObject => ({ inputTokens: usage?.inputTokens ?? 0, outputTokens: usage?.outputTokens ?? 0 });

const resultLines = (part: ToolPart): readonly Line[] => {
  const { toolCallId } = part;
  switch (part.state) {
    case 'output-available':
      return [['a', { toolCallId, result: outputOf(part) ?? null }]];
    case 'output-error':
      return [['a', { toolCallId, result: errorTextOf(part) ?? '', isError: true }]];
    case 'output-denied':
      return [['a', { toolCallId, result: part.approval?.reason ?? 'Tool approval denied', isError: true }]];
    case 'input-available':
    case 'approval-requested':
    case 'approval-responded':
      return [];
    default:
      return part.state satisfies never;
  }
};

const partLines = (part: Exclude<Part, ToolPart>, links: FileLinks): readonly Line[] => {
  switch (part.type) {
    case 'text':
      return part.text === '' ? [] : [['0', part.text]];
    case 'reasoning':
      return part.text === '' ? [] : [['g', part.text]];
    case 'source-url':
      return [['h', withoutUndefined({ sourceType: 'url', id: part.sourceId, url: part.url, title: part.title })]];
    case 'file':
      return [['k', { data: urlOfFile(part, links), mimeType: part.mediaType }]];
    case 'data':
      return [['aui-data', part.name === keptPartName ? { name: keptPartName, data: keptPart(part) } : { name: part.name, data: part.data }]];
    case 'source-document':
    case 'raw':
      return [['aui-data', { name: keptPartName, data: keptPart(part) }]];
    default:
      return part satisfies never;
  }
};

/**
 * Encodes a run as a data stream, version 1: lines of `code:json`. The protocol knows no approvals, so an open one is a tool call without a
 * result; no metadata, so the run's id travels as data (`2`), where assistant-ui keeps it under `unstable_data`.
 */
export const createDataStreamEncoder = (options: DataStreamOptions = {}): StreamEncoder => {
  const links = options.links ?? fileLinks;
  const held = new Set(options.heldToolCallIds);
  const tools = createToolTracker();
  const argumentsSent = new Map<string, boolean>();
  let messageId: string | undefined;
  let stepOpen = false;
  let calledTool = false;

  const closeStep = (usage?: Usage): readonly Line[] => {
    const lines: readonly Line[] = stepOpen
      ? [['e', { finishReason: calledTool ? 'tool-calls' : 'stop', usage: usageJson(usage), isContinued: false }]]
      : [];
    stepOpen = false;
    calledTool = false;
    return lines;
  };

  const openTool = (toolCallId: string, toolName: string): readonly Line[] => {
    calledTool = true;
    if (argumentsSent.has(toolCallId)) return [];
    argumentsSent.set(toolCallId, false);
    return [['b', { toolCallId, toolName }]];
  };

  const toolInput = ({ toolCallId, toolName, delta }: RunItem & { type: 'tool-input' }): readonly Line[] => {
    if (tools.knows(toolCallId) || held.has(toolCallId)) return [];
    const opening = openTool(toolCallId, toolName);
    if (delta === '') return opening;
    argumentsSent.set(toolCallId, true);
    return [...opening, ['c', { toolCallId, argsTextDelta: delta }]];
  };

  const tool = (part: ToolPart): readonly Line[] => {
    const { toolCallId } = part;
    const known = tools.knows(toolCallId);
    if (held.has(toolCallId) || !tools.isNews(part)) return [];
    if (known) return resultLines(part);
    const opening = openTool(toolCallId, part.toolName);
    const argsTextDelta = argumentsSent.get(toolCallId) ? '' : JSON.stringify(part.input ?? {});
    return [...opening, ['c', { toolCallId, argsTextDelta, isFinal: true }], ...resultLines(part)];
  };

  const finish = (item: RunItem & { type: 'finish' }): readonly Line[] => {
    const errorText = errorTextAtEnd(item);
    return [
      ...closeStep(),
      ...(errorText === undefined ? [] : [['3', errorText] as const]),
      ['d', { finishReason: wireFinishReason(item), usage: usageJson(item.usage) }],
    ];
  };

  const linesOf = (item: StreamItem): readonly Line[] => {
    switch (item.type) {
      case 'start': {
        const first = messageId === undefined;
        messageId = item.messageId;
        return first ? [['2', [{ runId: item.runId, messageId, modelId: item.model }]]] : [];
      }
      case 'step-start': {
        const before = closeStep();
        stepOpen = true;
        return [...before, ['f', withoutUndefined({ messageId })]];
      }
      case 'text':
        return item.delta === '' ? [] : [['0', item.delta]];
      case 'reasoning':
        return item.delta === '' ? [] : [['g', item.delta]];
      case 'tool-input':
        return toolInput(item);
      case 'tool':
        return tool(item.part);
      case 'tool-progress':
        return [];
      case 'part':
        return item.part.type === 'tool' ? tool(item.part) : partLines(item.part, links);
      case 'step-finish':
        return closeStep(item.usage);
      case 'waiting':
        return [...closeStep(), ['d', { finishReason: 'tool-calls', usage: usageJson(undefined) }]];
      case 'finish':
        return finish(item);
      default:
        return item satisfies never;
    }
  };

  const text = (lines: readonly Line[]) => lines.map(([code, value]) => `${code}:${JSON.stringify(value)}\n`).join('');
  return { encode: (item) => text(linesOf(item)), end: () => text(closeStep()) };
};
