import type { ConversationId, FileId, MessageId, PersonId, RunId } from '../ids.ts';
import type { Outcome } from '../message.ts';
import { doneFor } from '../person.ts';
import type { ConversationRetention } from '../retention.ts';
import type { Shares } from '../share.ts';
import type { ConversationEvent } from './events.ts';

/** A message's place in the tree; never its text. */
export interface Node {
  readonly id: MessageId;
  readonly parentId: MessageId | null;
  readonly height: number;
  readonly role: 'system' | 'user' | 'assistant';
  /** The run whose answer this node is. */
  readonly runId?: RunId;
  readonly author: PersonId;
  adopted: boolean;
  /** Where its text is: the event that holds it newest, by revision in this stream. */
  revision: bigint;
  /** Its content is no longer the one it was sent with. */
  replaced?: boolean;
}

interface ListedRun {
  readonly messageId: MessageId;
  readonly parentId: MessageId;
  /** Who asked for the answer, in whose name its tools are called. */
  readonly askedBy?: PersonId;
  outcome?: Outcome;
}

export interface Conversation {
  id?: ConversationId;
  owner?: PersonId;
  status: 'absent' | 'active' | 'trashed' | 'deleted';
  archived: boolean;
  titledBy?: 'person' | 'model';
  readonly nodes: Map<MessageId, Node>;
  /** Client ids of messages. */
  readonly aliases: Map<string, MessageId>;
  readonly runs: Map<RunId, ListedRun>;
  /** The run that is not settled yet; at most one. */
  active?: RunId;
  /** The end of the branch that is shown. */
  leaf: MessageId | null;
  /** The files that messages name, and who wrote these messages. */
  readonly files: Map<FileId, Set<PersonId>>;
  readonly shares: Shares;
  retention: ConversationRetention;
  imported?: 'partly' | 'whole';
}

export const initialState = (): Conversation => ({
  status: 'absent',
  archived: false,
  nodes: new Map(),
  aliases: new Map(),
  runs: new Map(),
  leaf: null,
  files: new Map(),
  shares: new Map(),
  retention: { keep: 'usual' },
});

export function evolve(state: Conversation, event: ConversationEvent): Conversation {
  switch (event.type) {
    case 'ConversationStarted':
      state.id = event.data.conversationId;
      state.owner = event.metadata.subject;
      state.status = 'active';
      if (event.data.titled) state.titledBy = 'person';
      return state;
    case 'ConversationRenamed':
      state.titledBy = 'person';
      return state;
    case 'ConversationTitled':
      state.titledBy = 'model';
      return state;
    case 'ConversationArchived':
      state.archived = true;
      return state;
    case 'ConversationUnarchived':
      state.archived = false;
      return state;
    case 'ConversationTrashed':
      state.status = 'trashed';
      return state;
    case 'ConversationRestored':
      state.status = 'active';
      return state;
    case 'ConversationDeleted':
      state.status = 'deleted';
      return state;
    case 'MessageSent': {
      const { messageId, parentId, height, role, alias, fileIds } = event.data;
      state.nodes.set(messageId, { id: messageId, parentId, height, role, author: event.metadata.subject, adopted: false, revision: event.revision });
      if (alias !== undefined) state.aliases.set(alias, messageId);
      for (const file of fileIds) state.files.set(file, (state.files.get(file) ?? new Set()).add(event.metadata.subject));
      state.leaf = messageId;
      return state;
    }
    case 'MessageContentReplaced': {
      const node = state.nodes.get(event.data.messageId);
      if (node) Object.assign(node, { revision: event.revision, replaced: true });
      return state;
    }
    case 'MessageAdopted': {
      const { messageId, alias } = event.data;
      const node = state.nodes.get(messageId);
      if (node) node.adopted = true;
      if (alias !== undefined) state.aliases.set(alias, messageId);
      return state;
    }
    case 'BranchChosen':
      state.leaf = event.data.messageId;
      return state;
    case 'ReplyRequested': {
      const { runId, messageId, parentId, height } = event.data;
      const owner = event.metadata.subject;
      state.nodes.set(messageId, {
        id: messageId,
        parentId,
        height,
        role: 'assistant',
        runId,
        author: owner,
        adopted: false,
        revision: event.revision,
      });
      state.runs.set(runId, { messageId, parentId, askedBy: doneFor(event.metadata) });
      state.active = runId;
      state.leaf = messageId;
      return state;
    }
    case 'ReplySettled': {
      const run = state.runs.get(event.data.runId);
      if (run) run.outcome = event.data.outcome;
      if (state.active === event.data.runId) delete state.active;
      return state;
    }
    case 'ConversationShared':
      state.shares.set(event.data.with, event.data.level);
      return state;
    case 'ConversationUnshared':
      state.shares.delete(event.data.with);
      return state;
    case 'ConversationRetentionSet':
      state.retention = event.data.retention;
      return state;
    case 'ConversationImported':
      state.imported = 'partly';
      return state;
    case 'ConversationImportCompleted':
      state.imported = 'whole';
      return state;
    case 'ConversationMetadataSet':
    case 'ConversationTouched':
    case 'FeedbackGiven':
      return state;
    default:
      event satisfies never;
      return state;
  }
}

/** The message a client means by one of our ids or one of its own. */
export const resolveMessage = (state: Conversation, idOrAlias: string): Node | undefined =>
  state.nodes.get(idOrAlias as MessageId) ?? state.nodes.get(state.aliases.get(idOrAlias) ?? ('' as MessageId));

/** From the root to the message, both included. */
export function branchOf(state: Conversation, messageId: MessageId | null): Node[] {
  const branch: Node[] = [];
  for (
    let node = messageId === null ? undefined : state.nodes.get(messageId);
    node;
    node = node.parentId === null ? undefined : state.nodes.get(node.parentId)
  ) {
    branch.push(node);
  }
  return branch.reverse();
}

/** The newest run that answers this message. */
export function lastReplyTo(state: Conversation, messageId: MessageId): { runId: RunId; messageId: MessageId; outcome?: Outcome } | undefined {
  let last: { runId: RunId; messageId: MessageId; outcome?: Outcome } | undefined;
  for (const [runId, run] of state.runs) if (run.parentId === messageId) last = { runId, ...run };
  return last;
}
