import type { RunItem, ToolPart } from '../../../domain/message.ts';
import { parsedJson } from './aui-tool.ts';
import type { JsonObject } from './json.ts';
import { providerMetadataOf, withoutUndefined } from './json.ts';
import { createToolTracker } from './stream-item.ts';
import { errorTextOf, outputOf } from './ui-tool.ts';

const outcomeOf = (part: ToolPart, dynamic: boolean): readonly JsonObject[] => {
  const { toolCallId, approval } = part;
  switch (part.state) {
    case 'approval-requested':
      return approval ? [withoutUndefined({ type: 'tool-approval-request', approvalId: approval.id, toolCallId, reason: approval.reason })] : [];
    case 'output-available':
      return [{ type: 'tool-output-available', toolCallId, output: outputOf(part) ?? null, dynamic }];
    case 'output-error':
      return [{ type: 'tool-output-error', toolCallId, errorText: errorTextOf(part) ?? '', dynamic }];
    case 'output-denied':
      return [{ type: 'tool-output-denied', toolCallId }];
    case 'input-available':
    case 'approval-responded':
      return [];
    default:
      return part.state satisfies never;
  }
};

/** The chunks of a run's tool calls. A call's kind (dynamic or of the page) stays what its first chunk said: clients would take another for a second call. */
export const createToolChunks = (held: ReadonlySet<string>, frontendTools: ReadonlySet<string> | undefined) => {
  const tools = createToolTracker();
  const streamed = new Map<string, { readonly toolName: string; readonly dynamic: boolean; text: string }>();
  const told = new Set(held);

  const wholeInput = (
    toolCallId: string,
    toolName: string,
    input: ToolPart['input'],
    dynamic: boolean,
    providerMetadata?: JsonObject,
  ): JsonObject => {
    told.add(toolCallId);
    return withoutUndefined({
      type: 'tool-input-available',
      toolCallId,
      toolName,
      input: input ?? {},
      dynamic: dynamic || undefined,
      providerMetadata: providerMetadataOf(providerMetadata),
    });
  };

  return {
    input: ({ toolCallId, toolName, delta }: RunItem & { type: 'tool-input' }): readonly JsonObject[] => {
      if (told.has(toolCallId)) return [];
      const known = streamed.get(toolCallId);
      const call = known ?? { toolName, dynamic: !frontendTools?.has(toolName), text: '' };
      call.text += delta;
      streamed.set(toolCallId, call);
      return [
        ...(known ? [] : [withoutUndefined({ type: 'tool-input-start', toolCallId, toolName, dynamic: call.dynamic || undefined })]),
        ...(delta === '' ? [] : [{ type: 'tool-input-delta', toolCallId, inputTextDelta: delta }]),
      ];
    },

    state: (part: ToolPart): readonly JsonObject[] => {
      if (!tools.isNews(part)) return [];
      const { toolCallId, toolName } = part;
      const dynamic = streamed.get(toolCallId)?.dynamic ?? part.dynamic;
      const input = told.has(toolCallId) ? [] : [wholeInput(toolCallId, toolName, part.input, dynamic, part.providerMetadata)];
      return [...input, ...outcomeOf(part, dynamic)];
    },

    /** At the end of a step every input that has come is whole, and clients look for it within its own step only. */
    endOfStep: (): readonly JsonObject[] =>
      [...streamed].flatMap(([toolCallId, { toolName, dynamic, text }]) => {
        const input = told.has(toolCallId) ? undefined : parsedJson(text);
        return input === undefined ? [] : [wholeInput(toolCallId, toolName, input, dynamic)];
      }),
  };
};
