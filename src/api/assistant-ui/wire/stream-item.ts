import type { FinishReason, Outcome, Part, RunItem, ToolPart, Usage } from '../../../domain/message.ts';

/** What the encoders take: the items of a run, and between them whole parts that a run does not stream (files, sources, data). */
export type StreamItem = RunItem | { readonly type: 'part'; readonly part: Part };

export type FinishedMessage = {
  readonly runId: string;
  readonly messageId: string;
  readonly model: string;
  readonly parts: readonly Part[];
  /** Absent while the run waits for an answer: the items then end in `waiting`. */
  readonly outcome?: Outcome | undefined;
  readonly finishReason?: FinishReason | undefined;
  readonly usage?: Usage | undefined;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
};

const itemFrom = (part: Part, index: number): StreamItem => {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return { type: part.type, id: `part-${index}`, delta: part.text };
    case 'tool':
      return { type: 'tool', part };
    default:
      return { type: 'part', part };
  }
};

/** The items of a stored message, as one step, so that it can be streamed whole. */
export const itemsFromParts = ({ runId, messageId, model, parts, outcome, finishReason, usage, error }: FinishedMessage): StreamItem[] => [
  { type: 'start', runId, messageId, model },
  { type: 'step-start', step: 0 },
  ...parts.map(itemFrom),
  { type: 'step-finish', ...(usage ? { usage } : {}) },
  outcome === undefined
    ? { type: 'waiting' }
    : { type: 'finish', outcome, finishReason: finishReason ?? 'other', ...(usage ? { usage } : {}), ...(error ? { error } : {}) },
];

const endings = {
  failed: 'The answer failed before it was complete.',
  interrupted: 'The answer was interrupted: the server stopped before it was complete.',
  expired: 'The answer was given up: nobody replied to its question in time.',
} as const;

/** What a person reads at the end of a run that has gone wrong; undefined for one that was completed or stopped on purpose. */
export const errorTextAtEnd = (finish: RunItem & { type: 'finish' }): string | undefined =>
  finish.outcome === 'completed' || finish.outcome === 'cancelled' ? undefined : (finish.error?.message ?? endings[finish.outcome]);

/** The reason as clients know it: theirs has no word for a run that was stopped, or that failed otherwise than in the model. */
export const wireFinishReason = ({ outcome, finishReason }: RunItem & { type: 'finish' }): FinishReason =>
  outcome === 'completed' ? finishReason : outcome === 'cancelled' ? 'other' : 'error';

const ended: readonly ToolPart['state'][] = ['output-available', 'output-error', 'output-denied'];

/** Tells whether a tool call that is reported several times stands at something new: each state once, nothing after its end. */
export const createToolTracker = () => {
  const states = new Map<string, ToolPart['state']>();
  return {
    knows: (toolCallId: string) => states.has(toolCallId),
    isNews: ({ toolCallId, state }: ToolPart): boolean => {
      const previous = states.get(toolCallId);
      if (previous !== undefined && (previous === state || ended.includes(previous))) return false;
      states.set(toolCallId, state);
      return true;
    },
  };
};
