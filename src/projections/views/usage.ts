import { MessageSent } from '../../domain/conversation/index.ts';
import type { JsonObject } from '../../domain/event.ts';
import { RunEnded, RunStarted, StepCompleted } from '../../domain/run/index.ts';
import { view } from '../view.ts';

/** What one person did with one model on one day, in numbers; messages stand under no model. Holds no text. */
export interface UsageDoc extends JsonObject {
  day: string;
  model: string;
  person: string;
  messages: number;
  runs: number;
  failed: number;
  inputTokens: number;
  outputTokens: number;
}

const types = [MessageSent, RunStarted, StepCompleted, RunEnded] as const;

const modelOf = (data: object): string => ('model' in data && typeof data.model === 'string' ? data.model : 'unknown');

export const usageByDay = view<UsageDoc, (typeof types)[number]>({
  name: 'usage',
  version: 1,
  types,
  indexes: [['day'], ['person']],
  ownedBy: 'person',
  keys: ({ type, data, metadata }) => {
    if (type === 'MessageSent' && data.role !== 'user') return [];
    return [`${metadata.time.slice(0, 10)}/${metadata.subject}/${type === 'MessageSent' ? '' : modelOf(data)}`];
  },
  fold: (known, { type, data, metadata }) => {
    const doc = known ?? {
      day: metadata.time.slice(0, 10),
      model: type === 'MessageSent' ? '' : modelOf(data),
      person: metadata.subject,
      messages: 0,
      runs: 0,
      failed: 0,
      inputTokens: 0,
      outputTokens: 0,
    };
    if (type === 'MessageSent') return { ...doc, messages: doc.messages + 1 };
    if (type === 'RunStarted') return { ...doc, runs: doc.runs + 1 };
    const { inputTokens = 0, outputTokens = 0 } = data.usage ?? {};
    const failed = type === 'RunEnded' && data.outcome !== 'completed' ? 1 : 0;
    return { ...doc, failed: doc.failed + failed, inputTokens: doc.inputTokens + inputTokens, outputTokens: doc.outputTokens + outputTokens };
  },
});
