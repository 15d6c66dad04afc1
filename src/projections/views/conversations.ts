import { conversationEvents } from '../../domain/conversation/index.ts';
import type { JsonObject, Sealed } from '../../domain/event.ts';
import { view } from '../view.ts';

/** One thread as its list shows it. Title and metadata stay sealed. */
export interface ConversationDoc extends JsonObject {
  owner: string;
  status: 'active' | 'trashed';
  archived: boolean;
  externalId: string | null;
  title: SealedJson | null;
  metadata: SealedJson | null;
  createdAt: string;
  updatedAt: string;
  lastMessageAt: string;
  leaf: string | null;
  activeRun: string | null;
}
export type SealedJson = { k: string; a: string; c: string } | { k: string; a: string; b: string };
export const sealedJson = (sealed: Sealed): SealedJson => sealed as SealedJson;

export const conversationList = view<ConversationDoc, (typeof conversationEvents)[number]>({
  name: 'conversations',
  version: 1,
  types: conversationEvents,
  indexes: [
    ['owner', 'status', 'archived', 'lastMessageAt'],
    ['owner', 'externalId'],
  ],
  keys: ({ stream }) => [stream.slice('conversation-'.length)],
  fold: (doc, event) => {
    const time = event.metadata.time;
    if (event.type === 'ConversationStarted') {
      const { titled, externalId, lastMessageAt, sealed } = event.data;
      return {
        owner: event.metadata.subject,
        status: 'active',
        archived: false,
        externalId: externalId ?? null,
        title: titled ? sealedJson(sealed) : null,
        metadata: sealedJson(sealed),
        createdAt: time,
        updatedAt: time,
        lastMessageAt: lastMessageAt ?? time,
        leaf: null,
        activeRun: null,
      };
    }
    if (!doc) return undefined;
    switch (event.type) {
      case 'ConversationRenamed':
      case 'ConversationTitled':
        return { ...doc, title: sealedJson(event.data.sealed), updatedAt: time };
      case 'ConversationMetadataSet':
        return { ...doc, metadata: sealedJson(event.data.sealed), updatedAt: time };
      case 'ConversationTouched':
        return { ...doc, lastMessageAt: event.data.lastMessageAt, updatedAt: time };
      case 'ConversationArchived':
        return { ...doc, archived: true, updatedAt: time };
      case 'ConversationUnarchived':
        return { ...doc, archived: false, updatedAt: time };
      case 'ConversationTrashed':
        return { ...doc, status: 'trashed', updatedAt: time };
      case 'ConversationRestored':
        return { ...doc, status: 'active', updatedAt: time };
      case 'ConversationDeleted':
        return 'delete';
      case 'MessageSent':
        return { ...doc, leaf: event.data.messageId, lastMessageAt: time, updatedAt: time };
      case 'ReplyRequested':
        return { ...doc, leaf: event.data.messageId, activeRun: event.data.runId, lastMessageAt: time, updatedAt: time };
      case 'ReplySettled':
        return { ...doc, activeRun: doc.activeRun === event.data.runId ? null : doc.activeRun, lastMessageAt: time, updatedAt: time };
      case 'BranchChosen':
        return { ...doc, leaf: event.data.messageId, updatedAt: time };
      case 'ConversationRetentionSet':
      case 'ConversationImported':
      case 'ConversationImportCompleted':
      case 'MessageContentReplaced':
      case 'MessageAdopted':
      case 'FeedbackGiven':
      case 'ConversationShared':
      case 'ConversationUnshared':
        return undefined;
      default:
        event satisfies never;
        return undefined;
    }
  },
});
