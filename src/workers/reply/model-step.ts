import { v4 } from 'uuid';
import { type FinishReason, type ModelChunk, ModelError } from '../../adapters/model-provider/port.ts';
import type { Json } from '../../domain/event.ts';
import type { Part, RunItem, Usage } from '../../domain/message.ts';
import { textId } from '../../domain/run/items.ts';

export interface CalledTool {
  readonly toolCallId: string;
  readonly toolName: string;
  readonly input: Json | undefined;
}

/** What one model call came to, ended or broken off. */
export interface StepResult {
  readonly parts: readonly Part[];
  readonly calls: readonly CalledTool[];
  readonly usage?: Usage;
  readonly finishReason: FinishReason;
  readonly model?: string;
  readonly error?: ModelError;
}

/** Some providers make the id of a call of the tool's name. It stands in the clear, so where the name may not, the call gets an id of ours. */
async function* withOpenIds(chunks: AsyncIterable<ModelChunk>, isOpen: (toolName: string) => boolean): AsyncGenerator<ModelChunk> {
  const ours = new Map<string, string>();
  for await (const chunk of chunks) {
    if (chunk.type !== 'tool-input' && chunk.type !== 'tool-call') yield chunk;
    else {
      const { toolCallId, toolName } = chunk;
      if (!ours.has(toolCallId) && toolName !== '' && toolCallId.includes(toolName) && !isOpen(toolName)) ours.set(toolCallId, `call_${v4()}`);
      yield { ...chunk, toolCallId: ours.get(toolCallId) ?? toolCallId };
    }
  }
}

/** Reads a model call to its end, hands its items on as they come, and answers what it came to. Never throws for what the model did. */
export async function readStep(
  chunks: AsyncIterable<ModelChunk>,
  step: number,
  push: (item: RunItem) => void,
  isOpen: (toolName: string) => boolean,
): Promise<StepResult> {
  const parts: Part[] = [];
  const calls: CalledTool[] = [];
  let texts = 0;
  let usage: Usage | undefined;
  let finishReason: FinishReason = 'other';
  let model: string | undefined;
  push({ type: 'step-start', step });
  try {
    for await (const chunk of withOpenIds(chunks, isOpen)) {
      switch (chunk.type) {
        case 'text':
        case 'reasoning': {
          if (chunk.text === '') break;
          const last = parts.at(-1);
          if (last?.type === chunk.type) parts[parts.length - 1] = { type: chunk.type, text: last.text + chunk.text };
          else {
            parts.push({ type: chunk.type, text: chunk.text });
            texts++;
          }
          push({ type: chunk.type, id: textId(step, texts), delta: chunk.text });
          break;
        }
        case 'tool-input':
          push(chunk);
          break;
        case 'tool-call': {
          const { toolCallId, toolName, input } = chunk;
          calls.push({ toolCallId, toolName, input });
          parts.push({ type: 'tool', toolCallId, toolName, state: 'input-available', input: input ?? chunk.inputText, dynamic: true });
          break;
        }
        case 'usage':
          usage = { ...chunk.usage };
          break;
        case 'finish':
          finishReason = chunk.reason;
          model = chunk.model;
          break;
        default:
          chunk satisfies never;
      }
    }
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return { parts, calls, usage, finishReason: 'error', model, error };
  }
  return { parts, calls, usage, finishReason, model };
}
