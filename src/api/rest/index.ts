import type { Tokens } from '../http/identity/tokens.ts';
import type { RouteDefinition } from '../http/route.ts';
import { auditRoutes } from './audit.ts';
import { conversationRoutes } from './conversations.ts';
import { fileRoutes } from './files.ts';
import { mcpRoutes } from './mcp.ts';
import { mcpConfigRoutes } from './mcp-config.ts';
import { meRoutes } from './me.ts';
import { messageRoutes } from './messages.ts';
import { operationRoutes } from './operations.ts';
import { peopleRoutes, tokenRoutes } from './people.ts';
import { providerKeyRoutes } from './provider-keys.ts';
import { runRoutes } from './runs.ts';
import { securityRoutes } from './security.ts';

/** Every command and query of a person, under `/api`, and what operators need. */
export const restRoutes = ({ tokens }: { readonly tokens: Tokens }): readonly RouteDefinition[] => [
  ...conversationRoutes,
  ...messageRoutes,
  ...runRoutes,
  ...fileRoutes,
  ...meRoutes,
  ...peopleRoutes,
  ...providerKeyRoutes,
  ...tokenRoutes(tokens),
  ...auditRoutes,
  ...securityRoutes,
  ...operationRoutes,
  ...mcpRoutes,
  ...mcpConfigRoutes,
];
