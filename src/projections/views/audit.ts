import { AccessRefused, AnonymousRefusalsCounted, OthersDataRead } from '../../domain/access.ts';
import { conversationStream } from '../../domain/conversation/index.ts';
import { isSealed, type Json, type JsonObject } from '../../domain/event.ts';
import { fileStream } from '../../domain/file.ts';
import { eventDefinitions } from '../../domain/index.ts';
import { personStream } from '../../domain/person.ts';
import { runStream } from '../../domain/run/index.ts';
import { type SecurityKind, SecurityNoted } from '../../domain/security.ts';
import { type View, view } from '../view.ts';

/** What somebody did, was refused or was shown: one for each event, with nothing of what is sealed in it. */
export interface AuditDoc extends JsonObject {
  time: string;
  actor: string;
  /** Whose data it is. */
  subject: string;
  /** The event's type; of a security event its kind; of what was refused, or was shown of another's, the name of the command, query or topic. */
  action: string;
  outcome: 'done' | 'refused' | 'read';
  type: string;
  /** The stream of what it was done to: a run counts as its conversation. */
  resource: string;
  stream: string;
  revision: string;
  commandId: string;
  correlationId: string;
  causationId: string;
  /** What was there before, where the event says it in the clear. */
  before: Json;
  /** What the event says in the clear. */
  after: JsonObject;
}

/** The stream of a thing that is named by its id, or by its stream. */
export function resourceOf(name: string): string {
  if (name.startsWith('thread_')) return conversationStream(name);
  if (name.startsWith('run_')) return runStream(name);
  if (name.startsWith('person_')) return personStream(name);
  return name.startsWith('file-') && !name.startsWith('file-file-') ? fileStream(name) : name;
}

const outcomes: Readonly<Record<string, AuditDoc['outcome']>> = {
  [AccessRefused.type]: 'refused',
  [AnonymousRefusalsCounted.type]: 'refused',
  [OthersDataRead.type]: 'read',
};
/** Kinds of security events that somebody was refused by. */
const refusals: ReadonlySet<string> = new Set<SecurityKind>([
  'login-failed',
  'account-locked',
  'token-refused',
  'token-reused',
  'access-denied',
  'address-blocked',
  'rate-limited',
  'tool-blocked',
]);

/** What an event says by its name alone, as it was before and as it is after. */
const changes: Readonly<Record<string, readonly [before: JsonObject, after: JsonObject]>> = {
  PersonDisabled: [{ disabled: false }, { disabled: true }],
  PersonEnabled: [{ disabled: true }, { disabled: false }],
  ConversationArchived: [{ archived: false }, { archived: true }],
  ConversationUnarchived: [{ archived: true }, { archived: false }],
  ConversationTrashed: [{ trashed: false }, { trashed: true }],
  ConversationRestored: [{ trashed: true }, { trashed: false }],
  AlertAcknowledged: [{ status: 'open' }, { status: 'acknowledged' }],
};

const PROSE = '[text]';
/** A route as the document names it. */
const ROUTE = /^[A-Z]{3,7} \/[\w/{}.-]*$/;

/** What older versions of events have in the clear, and newer ones sealed. */
const PLAIN = /^plain[A-Z]/;

/** Ids, codes, times and numbers stay; what has spaces in it may be somebody's words. */
function withoutProse(value: Json): Json {
  if (typeof value === 'string') return /\s/.test(value) && !ROUTE.test(value) ? PROSE : value;
  if (Array.isArray(value)) return value.map(withoutProse);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, part]) => !isSealed(part) && !PLAIN.test(name))
      .map(([name, part]) => [name, withoutProse(part)]),
  );
}

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

export const audit: View<AuditDoc> = view<AuditDoc, (typeof eventDefinitions)[number]>({
  name: 'audit',
  version: 3,
  types: eventDefinitions,
  indexes: [
    ['_pos'],
    ['time'],
    ['actor', '_pos'],
    ['subject', '_pos'],
    ['action', '_pos'],
    ['outcome', '_pos'],
    ['resource', '_pos'],
    ['correlationId'],
  ],
  keys: ({ id }) => [id],
  fold: (_doc, { type, stream, revision, data: recorded, metadata }) => {
    const { sealed: _sealed, before: said = null, ...data } = recorded as JsonObject;
    const [before, after] = changes[type] ?? [said, {}];
    const kind = type === SecurityNoted.type ? text(data.kind) : '';
    const outcome = refusals.has(kind) ? 'refused' : (outcomes[type] ?? 'done');
    const conversation = text(data.conversationId);
    const target = outcome === 'done' && kind === '' ? conversation : text(data.target);
    return {
      time: metadata.time,
      actor: metadata.actor,
      subject: metadata.subject,
      action: kind || (outcome === 'done' ? type : text(data.what) || type),
      outcome,
      type,
      resource: target === '' ? stream : resourceOf(target),
      stream,
      revision: String(revision),
      commandId: metadata.commandId,
      correlationId: metadata.$correlationId,
      causationId: metadata.$causationId,
      before: withoutProse(before),
      after: withoutProse({ ...data, ...after }) as JsonObject,
    };
  },
});
