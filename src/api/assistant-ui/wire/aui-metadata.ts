import type { FinishReason, Outcome, Part } from '../../../domain/message.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { isRecord, jsonObjectOf } from './json.ts';
import type { MessageRole } from './wire-message.ts';

/** How an answer ended; both are absent while it runs or waits. */
export type Ending = { readonly outcome?: Outcome | undefined; readonly finishReason?: FinishReason | undefined };

const keysOf = (role: MessageRole): readonly string[] =>
  role === 'assistant'
    ? ['unstable_state', 'unstable_annotations', 'unstable_data', 'steps', 'timing', 'submittedFeedback', 'modality', 'custom']
    : ['modality', 'custom'];

/** assistant-ui drops keys that it does not know, so they move into `custom`, where its readers look for them too. */
export const auiMetadataFrom = (metadata: JsonObject, role: MessageRole): JsonObject => {
  const keys = keysOf(role);
  const own = Object.entries(metadata).filter(([key]) => keys.includes(key));
  const others = Object.entries(metadata).filter(([key]) => !keys.includes(key));
  return {
    ...(role === 'assistant' ? { unstable_annotations: [], unstable_data: [], steps: [] } : {}),
    ...Object.fromEntries(own),
    custom: { ...Object.fromEntries(others), ...jsonObjectOf(metadata['custom']) },
  };
};

const isEmpty = (value: JsonValue) => value === null || (Array.isArray(value) && value.length === 0);

/** The metadata without the empty defaults that assistant-ui writes everywhere. */
export const metadataFromAui = (metadata: unknown): JsonObject =>
  Object.fromEntries(Object.entries(jsonObjectOf(metadata)).filter(([, value]) => !isEmpty(value)));

const awaitsAnswer = (part: Part) => part.type === 'tool' && (part.state === 'approval-requested' || part.state === 'input-available');

export const statusFrom = ({ outcome, finishReason }: Ending, parts: readonly Part[]): JsonObject => {
  switch (outcome) {
    case undefined:
      return parts.some(awaitsAnswer) ? { type: 'requires-action', reason: 'tool-calls' } : { type: 'complete', reason: 'unknown' };
    case 'cancelled':
      return { type: 'incomplete', reason: 'cancelled' };
    case 'completed':
      return finishReason === 'length' || finishReason === 'content-filter'
        ? { type: 'incomplete', reason: finishReason }
        : finishReason === 'tool-calls'
          ? { type: 'requires-action', reason: 'tool-calls' }
          : { type: 'complete', reason: finishReason === 'stop' ? 'stop' : 'unknown' };
    case 'failed':
    case 'interrupted':
    case 'expired':
      return { type: 'incomplete', reason: 'error' };
    default:
      return outcome satisfies never;
  }
};

export const endingFrom = (status: unknown): Ending => {
  const reason = isRecord(status) ? status['reason'] : undefined;
  switch (isRecord(status) ? status['type'] : undefined) {
    case 'complete':
      return reason === 'stop' ? { outcome: 'completed', finishReason: 'stop' } : {};
    case 'incomplete':
      if (reason === 'length' || reason === 'content-filter') return { outcome: 'completed', finishReason: reason };
      return reason === 'error' ? { outcome: 'failed', finishReason: 'error' } : { outcome: 'cancelled', finishReason: 'other' };
    default:
      return {};
  }
};
