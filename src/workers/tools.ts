import type { ToolDefinition } from '../adapters/model-provider/port.ts';
import type { Json } from '../domain/event.ts';
import type { PersonId } from '../domain/ids.ts';
import type { Question, QuestionAnswer } from '../domain/mcp/question.ts';
import type { CallBinding } from '../domain/run/index.ts';

/** Where a model is about to be told of tools. */
export interface ToolPlace {
  readonly person: PersonId;
  readonly conversationId: string;
  readonly runId: string;
  /** `provider/model`. */
  readonly model: string;
}

export interface ToolProgress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

export interface ToolCall {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ToolProgress) => void;
  /** Asks whoever wanted the answer, in the midst of the call; says `cancel` when nobody answers in time. */
  readonly ask: (question: Question) => Promise<QuestionAnswer>;
  /** Of a call that is made anew: what was answered, by the questions' keys. */
  readonly answered?: { readonly answers: Readonly<Record<string, QuestionAnswer>>; readonly state?: string };
}

/** A tool that the server runs. */
export interface ServerTool extends ToolDefinition {
  readonly needsApproval: boolean;
  /** May be called again when its outcome is unknown. */
  readonly idempotent: boolean;
  /** What its server calls it, where it is of one. */
  readonly tool?: string;
  /** Its name may be somebody's own words: the log has it sealed alone. */
  readonly isOwn?: boolean;
  /** What an approval of a call with this input is good for; a call that is bound to something else is not made. */
  readonly bind?: (input: Json) => CallBinding;
  /** Throws `ToolFailed` for what the model may read, `OutcomeUnknown` when the call may have been carried out or not. */
  readonly execute: (input: Json, call: ToolCall) => Promise<Json>;
}

/** The tool says that it failed, in words that were made for the model. */
export class ToolFailed extends Error {
  override readonly name = 'ToolFailed';
}
/** The connection ended in the midst of a call. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
}

/** The call has to be made anew when somebody has answered these. */
export class InputRequired extends Error {
  override readonly name = 'InputRequired';
  readonly questions: readonly Question[];
  readonly state: string | undefined;
  constructor(questions: readonly Question[], state: string | undefined) {
    super('The tool wants to know something first.');
    this.questions = questions;
    this.state = state;
  }
}

/** The tools that a model may call at a place, in an order that stays. */
export interface ToolSource {
  tools(place: ToolPlace): Promise<readonly ServerTool[]>;
  /** What the model is told beside them. */
  readonly advice?: string;
}

/** The demonstration's own tool: it sends nothing anywhere, and asks before it does. */
const postcard: ServerTool = {
  name: 'postcard',
  description: 'Writes a postcard. A demonstration: nothing is sent anywhere, but you are asked first.',
  parameters: {
    type: 'object',
    properties: { to: { type: 'string' }, text: { type: 'string' } },
    required: ['to'],
  },
  needsApproval: true,
  idempotent: true,
  execute: async (input) => ({ written: true, demonstration: true, postcard: input }),
};

/** The demonstration's tools, for its own model. */
export const demoTools: ToolSource = { tools: async ({ model }) => (model.startsWith('demo/') ? [postcard] : []) };

/** Several sources as one; of two tools with one name the first counts. */
export function joinedTools(sources: readonly ToolSource[]): ToolSource {
  const advice = sources.flatMap((source) => source.advice ?? []).join('\n');
  return {
    async tools(place) {
      const all = (await Promise.all(sources.map((source) => source.tools(place)))).flat();
      return [...new Map(all.toReversed().map((tool) => [tool.name, tool])).values()].toReversed();
    },
    ...(advice === '' ? {} : { advice }),
  };
}
