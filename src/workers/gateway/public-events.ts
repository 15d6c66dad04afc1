import { z } from 'zod';
import { accessEvents } from '../../domain/access.ts';
import { accessRecordEvents } from '../../domain/access-records.ts';
import { administrationEvents } from '../../domain/administration.ts';
import { alertEvents } from '../../domain/alert.ts';
import { attemptEvents } from '../../domain/attempt.ts';
import { conversationEvents } from '../../domain/conversation/index.ts';
import { credentialEvents } from '../../domain/credential.ts';
import type { EventDefinition, Json, RecordedEvent } from '../../domain/event.ts';
import { exportEvents } from '../../domain/export/index.ts';
import { fileEvents } from '../../domain/file.ts';
import { identityEvents } from '../../domain/identity.ts';
import { eventDefinitions } from '../../domain/index.ts';
import { invitationEvents } from '../../domain/invitation.ts';
import { jobEvents } from '../../domain/job.ts';
import { loginEvents } from '../../domain/logins.ts';
import { mailEvents } from '../../domain/mail.ts';
import { maskingEvents } from '../../domain/masking/index.ts';
import { mcpEvents } from '../../domain/mcp/index.ts';
import { modelAccessEvents } from '../../domain/model-access.ts';
import { passwordResetEvents } from '../../domain/password-reset.ts';
import { personEvents } from '../../domain/person.ts';
import { promptEvents } from '../../domain/prompt/index.ts';
import { providerKeyEvents } from '../../domain/provider-key.ts';
import { reactionEvents } from '../../domain/reaction.ts';
import { resourceShareEvents } from '../../domain/resource-share.ts';
import { retentionEvents } from '../../domain/retention.ts';
import { roleEvents } from '../../domain/role.ts';
import { runEvents } from '../../domain/run/index.ts';
import { securityEvents } from '../../domain/security.ts';
import { sessionEvents } from '../../domain/session.ts';
import { telemetryEvents } from '../../domain/telemetry.ts';
import { titleEvents } from '../../domain/title.ts';
import type { Pseudonym } from './pseudonym.ts';
import { type PublicField, pseudonymous, publicObject, word } from './public-field.ts';

/** What the outside knows of an event type. Its version is that of the event: within one, fields are only ever added. */
export interface PublicEventType {
  readonly type: string;
  readonly version: number;
  /** Of the streams it stands in. */
  readonly category: string;
  /** The payload. */
  readonly schema: z.ZodType;
  readonly of: (event: RecordedEvent, pseudonym: Pseudonym) => Json;
}

/** By the category of the streams they stand in; `undefined` is for those that never leave. */
const kinds: readonly (readonly [category: string | undefined, events: readonly { readonly type: string }[]])[] = [
  ['conversation', conversationEvents],
  ['run', runEvents],
  ['file', fileEvents],
  ['person', personEvents],
  ['access', accessEvents],
  ['telemetry', telemetryEvents],
  ['title', titleEvents],
  [undefined, providerKeyEvents],
  [undefined, reactionEvents],
  [undefined, invitationEvents],
  [undefined, credentialEvents],
  [undefined, passwordResetEvents],
  [undefined, attemptEvents],
  [undefined, mailEvents],
  [undefined, maskingEvents],
  [undefined, retentionEvents],
  [undefined, exportEvents],
  [undefined, jobEvents],
  [undefined, sessionEvents],
  [undefined, identityEvents],
  [undefined, loginEvents],
  [undefined, administrationEvents],
  [undefined, promptEvents],
  [undefined, mcpEvents],
  ['access', securityEvents],
  ['alert', alertEvents],
  [undefined, roleEvents],
  [undefined, modelAccessEvents],
  [undefined, resourceShareEvents],
  [undefined, accessRecordEvents],
];

const Model = word(/[A-Za-z0-9][A-Za-z0-9._:/+-]{0,127}/);
const ToolName = word(/[A-Za-z0-9_.-]{1,64}/);
const Name = word(/[A-Za-z][A-Za-z0-9_-]{0,63}/);
const MediaType = word(/[a-z]{1,32}\/[a-z0-9.+-]{1,96}/);
const Scope = word(/[a-z][a-z0-9:._-]{0,63}/);
const RoleName = word(/[a-z]{1,32}|role_[A-Za-z0-9_-]{1,123}/);
const Counts: PublicField = {
  schema: z.record(z.string(), z.int()),
  of: (value) => (z.record(z.string().regex(/^[A-Za-z]{1,64}$/), z.int()).safeParse(value).success ? value : {}),
};

/** Free text that may leave all the same, and how. All other free text stays. */
const allowed: Readonly<Record<string, PublicField>> = {
  'RunStarted.model': Model,
  'ModelCallStarted.model': Model,
  'StepCompleted.model': Model,
  'StepCompleted.calls.toolCallId': pseudonymous,
  'StepCompleted.calls.toolName': ToolName,
  'ToolCallStarted.toolCallId': pseudonymous,
  'ToolCallStarted.toolName': ToolName,
  'ToolCallEnded.toolCallId': pseudonymous,
  'ApprovalAnswered.toolCallId': pseudonymous,
  'RunEnded.model': Model,
  'RunEnded.error.code': Name,
  'TitleCallStarted.model': Model,
  'TitleCallEnded.model': Model,
  'FileUploaded.mediaType': MediaType,
  'TokenCreated.scopes': Scope,
  'AccessRefused.what': Name,
  'AccessRefused.code': Name,
  'AnonymousRefusalsCounted.counts': Counts,
  'OthersDataRead.what': Name,
  'SecurityNoted.reason': Name,
  'SecurityNoted.network': pseudonymous,
  'AlertRaised.alertId': pseudonymous,
  'AlertRaised.about': pseudonymous,
  'AlertAcknowledged.alertId': pseudonymous,
  'RolesChanged.before': RoleName,
  'RolesChanged.roles': RoleName,
  'ConversationShared.with': pseudonymous,
  'ConversationUnshared.with': pseudonymous,
  'FileShared.with': pseudonymous,
  'FileUnshared.with': pseudonymous,
};

const none: PublicField = { schema: z.object({}), of: () => ({}) };

function publicEventType({ type, version, schema }: EventDefinition, category: string): PublicEventType {
  const data = publicObject(schema.shape, type, allowed) ?? none;
  return {
    type,
    version,
    category,
    schema: z.object({ actor: pseudonymous.schema, subject: pseudonymous.schema, ...(data.schema as z.ZodObject).shape }),
    of: (event, pseudonym) => ({
      actor: pseudonym(event.metadata.actor),
      subject: pseudonym(event.metadata.subject),
      ...(data.of(event.data, pseudonym) as object),
    }),
  };
}

/** Every event type that leaves the house, derived from the domain's. */
export const publicEventTypes: readonly PublicEventType[] = eventDefinitions.flatMap((definition) => {
  const [category] = kinds.find(([, events]) => events.some(({ type }) => type === definition.type)) ?? [];
  return category === undefined ? [] : [publicEventType(definition, category)];
});

/** Event types of which it has been decided that they never leave, and those that do. */
export const decidedTypes: readonly string[] = kinds.flatMap(([, events]) => events.map(({ type }) => type));
