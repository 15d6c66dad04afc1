import type { LiveLog } from '../../adapters/live-log/port.ts';
import type { Models, ToolDefinition } from '../../adapters/model-provider/port.ts';
import type { Tell } from '../../commands/command.ts';
import type { ConversationId, MessageId, PersonId, RunId } from '../../domain/ids.ts';
import type { Hub } from '../../projections/hub.ts';
import type { Duties } from '../duties.ts';
import type { CallModel } from '../keyed-models.ts';
import type { ToolSource } from '../tools.ts';
import type { BranchParts } from './branch.ts';

export interface ReplyParts extends BranchParts {
  readonly tell: Tell;
  readonly duties: Duties;
  readonly hub: Hub;
  readonly liveLog: LiveLog;
  readonly models: Models;
  /** Calls a model with the key of whose answer it is. */
  readonly callModel: CallModel;
  readonly now: () => Date;
  /** How long what a run streamed is kept after its end; a day where nobody says otherwise. */
  readonly keepLiveMs?: () => Promise<number>;
  readonly systemPrompt?: string;
  /** How long an approval may wait. */
  readonly approvalMs: number;
  /** The server's tools that a model may call. */
  readonly tools: ToolSource;
}

/** A run as its worker holds it. */
export interface RunJob {
  readonly conversationId: ConversationId;
  readonly runId: RunId;
  readonly messageId: MessageId;
  readonly owner: PersonId;
  /** Who asked for the answer: whose keys call the model, and whose permission to use it counts. */
  readonly askedBy: PersonId;
  readonly model: string;
  /** Tools of the page, whose outputs the client owes. */
  readonly clientTools: readonly ToolDefinition[];
  readonly epoch: number;
  readonly segment: number;
  readonly correlationId: string;
}
