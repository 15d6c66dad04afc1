import { mcpAccessEvents } from './access.ts';
import { mcpChoiceEvents } from './choice.ts';
import { mcpContractEvents } from './contract.ts';
import { mcpReleaseEvents } from './release-events.ts';
import { mcpServerEvents } from './server.ts';

export const mcpEvents = [...mcpServerEvents, ...mcpContractEvents, ...mcpChoiceEvents, ...mcpAccessEvents, ...mcpReleaseEvents] as const;
