import type { RouteDefinition } from '../http/route.ts';
import { chatRoutes } from './chat-routes.ts';
import { type AssistantUiOptions, createDialect } from './dialect.ts';
import { fileRoutes } from './files.ts';
import { messageRoutes } from './messages.ts';
import { projectRoutes } from './projects.ts';
import { reportRoutes } from './reports.ts';
import { threadRoutes } from './threads.ts';
import { titleRoute } from './titles.ts';

export type { AssistantUiOptions } from './dialect.ts';

/** Everything an assistant-ui app needs: the cloud's contract under `/aui/v1` (its `auth` and `threads/claim` belong to identity), the chat under `/aui/api`. */
export function assistantUiRoutes(options: AssistantUiOptions): readonly RouteDefinition[] {
  const dialect = createDialect(options);
  return [
    ...threadRoutes(),
    ...messageRoutes(dialect),
    titleRoute(),
    ...reportRoutes(dialect),
    ...fileRoutes(dialect),
    ...projectRoutes(dialect),
    ...chatRoutes(dialect),
  ];
}
