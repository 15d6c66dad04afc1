import type { Part, RunItem } from '../../../domain/message.ts';
import type { FileLinks } from './file-links.ts';
import { fileLinks } from './file-links.ts';
import type { JsonObject } from './json.ts';
import { jsonObjectOf, withoutUndefined } from './json.ts';
import type { StreamItem } from './stream-item.ts';
import { errorTextAtEnd, wireFinishReason } from './stream-item.ts';
import { keptUiPart, uiPartFrom } from './ui-message.ts';
import { createToolChunks } from './ui-stream-tools.ts';

export const UI_STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  connection: 'keep-alive',
  'x-vercel-ai-ui-message-stream': 'v1',
  'x-accel-buffering': 'no',
} as const;

export type UiStreamOptions = {
  /** Merged into what `start` tells about the message. */
  readonly messageMetadata?: JsonObject | undefined;
  /** Tool calls that the client holds already, because the stream goes on with a message it has: their input is not told again. */
  readonly heldToolCallIds?: Iterable<string> | undefined;
  /** Names of tools that run in the page; all others are told as dynamic. */
  readonly frontendTools?: ReadonlySet<string> | undefined;
  readonly links?: FileLinks | undefined;
};

export type StreamEncoder = {
  /** Zero or more whole frames; joining what all calls returned gives the stream. */
  readonly encode: (item: StreamItem) => string;
  /** The last frames; nothing may follow. */
  readonly end: () => string;
};

const frame = (chunk: JsonObject) => `data: ${JSON.stringify(chunk)}\n\n`;

/**
 * Encodes a run as an AI SDK UI message stream, in the parts that AI SDK 6 and 7 share (https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol).
 * A text or reasoning part ends where anything else comes between, so that every client sees the same order. What a failed run had said stays;
 * its error comes after `finish`, since clients read nothing behind an error.
 */
export const createUiStreamEncoder = (options: UiStreamOptions = {}): StreamEncoder => {
  const links = options.links ?? fileLinks;
  const tools = createToolChunks(new Set(options.heldToolCallIds), options.frontendTools);
  let open: { readonly type: 'text' | 'reasoning'; readonly id: string } | undefined;
  let started = false;
  let stepOpen = false;
  let runId: string | undefined;

  const closeText = () => {
    const chunks = open ? [{ type: `${open.type}-end`, id: open.id }] : [];
    open = undefined;
    return chunks;
  };

  const closeStep = () => {
    const chunks = [...closeText(), ...(stepOpen ? [{ type: 'finish-step' }] : [])];
    stepOpen = false;
    return chunks;
  };

  const start = (item: RunItem & { type: 'start' }): JsonObject[] => {
    if (started) return [];
    started = true;
    runId = item.runId;
    const custom = { ...jsonObjectOf(options.messageMetadata?.['custom']), runId };
    return [{ type: 'start', messageId: item.messageId, messageMetadata: { ...options.messageMetadata, custom, modelId: item.model } }];
  };

  const words = (type: 'text' | 'reasoning', id: string, delta: string): JsonObject[] => {
    if (delta === '') return [];
    const goesOn = open?.type === type && open.id === id;
    const opening = goesOn ? [] : [...closeText(), { type: `${type}-start`, id }];
    open = { type, id };
    return [...opening, { type: `${type}-delta`, id, delta }];
  };

  const finish = (item: RunItem & { type: 'finish' }): JsonObject[] => {
    const errorText = errorTextAtEnd(item);
    const custom = withoutUndefined({ runId, outcome: item.outcome === 'completed' ? undefined : item.outcome });
    return [
      ...closeStep(),
      ...(item.outcome === 'cancelled' ? [{ type: 'abort' }] : []),
      {
        type: 'finish',
        finishReason: wireFinishReason(item),
        messageMetadata: withoutUndefined({ usage: item.usage && jsonObjectOf(item.usage), custom }),
      },
      ...(errorText === undefined ? [] : [{ type: 'error', errorText }]),
    ];
  };

  const wholePart = (part: Part): readonly JsonObject[] => {
    if (part.type === 'tool') return [...closeText(), ...tools.state(part)];
    if (part.type === 'text' || part.type === 'reasoning') return [...closeText(), ...words(part.type, 'part', part.text), ...closeText()];
    return [...closeText(), part.type === 'raw' ? keptUiPart(part) : uiPartFrom(part, links)];
  };

  const chunksOf = (item: StreamItem): readonly JsonObject[] => {
    switch (item.type) {
      case 'start':
        return start(item);
      case 'step-start': {
        const before = closeStep();
        stepOpen = true;
        return [...before, { type: 'start-step' }];
      }
      case 'text':
      case 'reasoning':
        return words(item.type, item.id, item.delta);
      case 'tool-input':
        return [...closeText(), ...tools.input(item)];
      case 'tool':
        return [...closeText(), ...tools.state(item.part)];
      case 'tool-progress': {
        const { type: _, ...data } = item;
        return [{ type: 'data-tool-progress', data, transient: true }];
      }
      case 'part':
        return wholePart(item.part);
      case 'step-finish':
        return [...closeText(), ...tools.endOfStep(), ...closeStep()];
      case 'waiting':
        return [
          ...closeText(),
          ...tools.endOfStep(),
          ...closeStep(),
          { type: 'finish', finishReason: 'tool-calls', messageMetadata: { custom: withoutUndefined({ runId }) } },
        ];
      case 'finish':
        return finish(item);
      default:
        return item satisfies never;
    }
  };

  return { encode: (item) => chunksOf(item).map(frame).join(''), end: () => `${closeStep().map(frame).join('')}data: [DONE]\n\n` };
};
