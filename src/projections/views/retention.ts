import { AccessRefused, AnonymousRefusalsCounted, OthersDataRead, VISITORS } from '../../domain/access.ts';
import { AccessRecordsErased } from '../../domain/access-records.ts';
import { type ConversationEvent, conversationEvents } from '../../domain/conversation/index.ts';
import type { JsonObject } from '../../domain/event.ts';
import { FileDeleted, FileReserved } from '../../domain/file.ts';
import { type ConversationRetention, ownDeadline } from '../../domain/retention.ts';
import { SecurityNoted } from '../../domain/security.ts';
import { ClientReported, ClientReportsErased } from '../../domain/telemetry.ts';
import { view } from '../view.ts';

/** Something that is kept for a time: a thread, a file that no message has, what a client reported, or what somebody was refused or shown, on one day. */
export interface RetentionDoc extends JsonObject {
  owner: string;
  kind: 'conversations' | 'trash' | 'uploads' | 'reports' | 'access';
  /** From when the time counts. */
  since: string;
  keep: 'usual' | 'own' | 'forever';
  rule: ConversationRetention;
  /** When the rule was said. */
  saidAt: string;
  /** When its owner's own rule ends it; empty: never. */
  dueAt: string;
  /** Of the last event of its stream. */
  revision: string;
}

const recorded = [SecurityNoted, AccessRefused, AnonymousRefusalsCounted, OthersDataRead] as const;
const types = [...conversationEvents, FileReserved, FileDeleted, ClientReported, ClientReportsErased, ...recorded, AccessRecordsErased] as const;

const fresh = { keep: 'usual', rule: { keep: 'usual' }, saidAt: '', dueAt: '' } as const;

/** The thread after the rule or the activity; its own deadline follows from both. */
function dated(doc: RetentionDoc): RetentionDoc {
  const { rule, saidAt, since } = doc;
  const keep = rule.keep === 'usual' || rule.keep === 'forever' ? rule.keep : 'own';
  return { ...doc, keep, dueAt: ownDeadline(rule, saidAt, since) ?? '' };
}

function thread(doc: RetentionDoc | undefined, event: ConversationEvent): RetentionDoc | 'delete' | undefined {
  const { time, subject } = event.metadata;
  const revision = String(event.revision);
  if (event.type === 'ConversationStarted') return { ...fresh, owner: subject, kind: 'conversations', since: time, revision };
  if (!doc) return undefined;
  switch (event.type) {
    case 'ConversationDeleted':
      return 'delete';
    case 'ConversationRetentionSet':
      return dated({ ...doc, rule: event.data.retention, saidAt: time, revision });
    case 'ConversationTrashed':
      return { ...doc, kind: 'trash', since: time, revision };
    case 'ConversationRestored':
      return dated({ ...doc, kind: 'conversations', since: time, revision });
    // By a model, and perhaps much later.
    case 'ConversationTitled':
      return { ...doc, revision };
    default:
      return doc.kind === 'trash' ? { ...doc, revision } : dated({ ...doc, since: time, revision });
  }
}

export const retentionDue = view<RetentionDoc, (typeof types)[number]>({
  name: 'retention',
  version: 2,
  types,
  indexes: [['kind', 'keep', 'since'], ['dueAt'], ['owner', 'since']],
  ownedBy: 'owner',
  keys: (event) => {
    if (event.type === 'ClientReported' || event.type === 'ClientReportsErased') return [event.stream];
    if (event.type === 'FileReserved' || event.type === 'FileDeleted') return [event.data.fileId];
    if (event.type === 'AccessRecordsErased') return [event.data.stream];
    if (event.stream.startsWith('access-')) return [event.stream];
    const conversation = event.stream.slice('conversation-'.length);
    return event.type === 'MessageSent' ? [conversation, ...new Set<string>(event.data.fileIds)] : [conversation];
  },
  fold: (doc, event) => {
    const { time, subject } = event.metadata;
    const revision = String(event.revision);
    switch (event.type) {
      case 'FileReserved':
        return { ...fresh, owner: subject, kind: 'uploads', since: time, revision };
      case 'FileDeleted':
      case 'ClientReportsErased':
      case 'AccessRecordsErased':
        return 'delete';
      case 'SecurityNoted':
      case 'AccessRefused':
      case 'AnonymousRefusalsCounted':
      case 'OthersDataRead':
        // Nobody's own, so that they are nobody's to keep; a stream has one day.
        return doc ? undefined : { ...fresh, owner: VISITORS, kind: 'access', since: time, revision };
      case 'ClientReported':
        return { ...fresh, owner: subject, kind: 'reports', since: time, revision };
      case 'MessageSent':
        // A file that a message has stays as long as its thread.
        return doc?.kind === 'uploads' ? 'delete' : thread(doc, event);
      default:
        return thread(doc, event);
    }
  },
});
