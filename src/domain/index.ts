import { accessEvents } from './access.ts';
import { accessRecordEvents } from './access-records.ts';
import { administrationEvents } from './administration.ts';
import { alertEvents } from './alert.ts';
import { attemptEvents } from './attempt.ts';
import { conversationEvents } from './conversation/index.ts';
import { credentialEvents } from './credential.ts';
import type { EventDefinition } from './event.ts';
import { exportEvents } from './export/index.ts';
import { fileEvents } from './file.ts';
import { identityEvents } from './identity.ts';
import { invitationEvents } from './invitation.ts';
import { jobEvents } from './job.ts';
import { loginEvents } from './logins.ts';
import { mailEvents } from './mail.ts';
import { maskingEvents } from './masking/index.ts';
import { mcpEvents } from './mcp/index.ts';
import { modelAccessEvents } from './model-access.ts';
import { passwordResetEvents } from './password-reset.ts';
import { personEvents } from './person.ts';
import { promptEvents } from './prompt/index.ts';
import { providerKeyEvents } from './provider-key.ts';
import { reactionEvents } from './reaction.ts';
import { resourceShareEvents } from './resource-share.ts';
import { retentionEvents } from './retention.ts';
import { roleEvents } from './role.ts';
import { runEvents } from './run/index.ts';
import { securityEvents } from './security.ts';
import { sessionEvents } from './session.ts';
import { telemetryEvents } from './telemetry.ts';
import { titleEvents } from './title.ts';

/** Every event type there is. */
export const eventDefinitions = [
  ...conversationEvents,
  ...runEvents,
  ...fileEvents,
  ...personEvents,
  ...accessEvents,
  ...providerKeyEvents,
  ...mcpEvents,
  ...reactionEvents,
  ...telemetryEvents,
  ...titleEvents,
  ...invitationEvents,
  ...credentialEvents,
  ...passwordResetEvents,
  ...attemptEvents,
  ...mailEvents,
  ...maskingEvents,
  ...retentionEvents,
  ...exportEvents,
  ...jobEvents,
  ...sessionEvents,
  ...identityEvents,
  ...loginEvents,
  ...administrationEvents,
  ...securityEvents,
  ...alertEvents,
  ...roleEvents,
  ...modelAccessEvents,
  ...resourceShareEvents,
  ...accessRecordEvents,
  ...promptEvents,
] as unknown as readonly EventDefinition[];
