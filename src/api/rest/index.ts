import type { Tokens } from '../http/identity/tokens.ts';
import type { RouteDefinition } from '../http/route.ts';
import { type AccountDoors, accountRoutes } from './accounts.ts';
import { analyticsRoutes } from './analytics.ts';
import { archiveRoutes } from './archives.ts';
import { auditRoutes } from './audit.ts';
import { conversationRoutes } from './conversations.ts';
import { erasureRoutes } from './erasure.ts';
import { fileRoutes } from './files.ts';
import { invitationRoutes } from './invitations.ts';
import { jobRoutes } from './jobs.ts';
import { loginListRoutes } from './logins.ts';
import { maskingRoutes } from './masking.ts';
import { mcpRoutes } from './mcp.ts';
import { mcpCatalogueRoutes } from './mcp-catalogue.ts';
import { mcpConfigRoutes } from './mcp-config.ts';
import { mcpPlanRoutes } from './mcp-plan.ts';
import { mcpUpdateRoutes } from './mcp-updates.ts';
import { meRoutes } from './me.ts';
import { messageRoutes } from './messages.ts';
import { operationRoutes } from './operations.ts';
import { peopleRoutes, tokenRoutes } from './people.ts';
import { promptRoutes } from './prompts.ts';
import { providerKeyRoutes } from './provider-keys.ts';
import { questionRoutes } from './questions.ts';
import { retentionRoutes } from './retention.ts';
import { roleRoutes } from './roles.ts';
import { runRoutes } from './runs.ts';
import { securityRoutes } from './security.ts';
import { sessionRoutes } from './sessions.ts';
import { shareRoutes } from './shares.ts';

/** Every command and query of a person, under `/api`, and what operators need. */
export const restRoutes = ({
  tokens,
  accounts,
}: {
  readonly tokens: Tokens;
  readonly accounts?: AccountDoors | undefined;
}): readonly RouteDefinition[] => [
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
  ...archiveRoutes,
  ...maskingRoutes,
  ...retentionRoutes,
  ...analyticsRoutes,
  ...jobRoutes,
  ...erasureRoutes,
  ...sessionRoutes,
  ...accountRoutes(accounts),
  ...invitationRoutes,
  ...shareRoutes,
  ...roleRoutes,
  ...loginListRoutes,
  ...promptRoutes,
  ...mcpRoutes,
  ...mcpCatalogueRoutes,
  ...mcpConfigRoutes,
  ...questionRoutes,
  ...mcpPlanRoutes,
  ...mcpUpdateRoutes,
];
