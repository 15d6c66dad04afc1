import { accessEvents } from './access.ts';
import { administrationEvents } from './administration.ts';
import { conversationEvents } from './conversation/index.ts';
import type { EventDefinition } from './event.ts';
import { exportEvents } from './export/index.ts';
import { fileEvents } from './file.ts';
import { identityEvents } from './identity.ts';
import { jobEvents } from './job.ts';
import { loginEvents } from './logins.ts';
import { maskingEvents } from './masking/index.ts';
import { personEvents } from './person.ts';
import { providerKeyEvents } from './provider-key.ts';
import { reactionEvents } from './reaction.ts';
import { retentionEvents } from './retention.ts';
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
  ...reactionEvents,
  ...telemetryEvents,
  ...titleEvents,
  ...maskingEvents,
  ...retentionEvents,
  ...exportEvents,
  ...jobEvents,
  ...sessionEvents,
  ...identityEvents,
  ...loginEvents,
  ...administrationEvents,
  ...securityEvents,
] as unknown as readonly EventDefinition[];
