import type { Tokens } from '../http/identity/tokens.ts';
import type { RouteDefinition } from '../http/route.ts';
import { analyticsRoutes } from './analytics.ts';
import { archiveRoutes } from './archives.ts';
import { auditRoutes } from './audit.ts';
import { conversationRoutes } from './conversations.ts';
import { erasureRoutes } from './erasure.ts';
import { fileRoutes } from './files.ts';
import { jobRoutes } from './jobs.ts';
import { loginListRoutes } from './logins.ts';
import { maskingRoutes } from './masking.ts';
import { meRoutes } from './me.ts';
import { messageRoutes } from './messages.ts';
import { operationRoutes } from './operations.ts';
import { peopleRoutes, tokenRoutes } from './people.ts';
import { providerKeyRoutes } from './provider-keys.ts';
import { retentionRoutes } from './retention.ts';
import { runRoutes } from './runs.ts';
import { sessionRoutes } from './sessions.ts';

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
  ...operationRoutes,
  ...archiveRoutes,
  ...maskingRoutes,
  ...retentionRoutes,
  ...analyticsRoutes,
  ...jobRoutes,
  ...erasureRoutes,
  ...sessionRoutes,
  ...loginListRoutes,
];
