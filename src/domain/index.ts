import { accessEvents } from './access.ts';
import { conversationEvents } from './conversation/index.ts';
import type { EventDefinition } from './event.ts';
import { fileEvents } from './file.ts';
import { mcpEvents } from './mcp/index.ts';
import { personEvents } from './person.ts';
import { promptEvents } from './prompt/index.ts';
import { providerKeyEvents } from './provider-key.ts';
import { reactionEvents } from './reaction.ts';
import { runEvents } from './run/index.ts';
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
  ...promptEvents,
] as unknown as readonly EventDefinition[];
