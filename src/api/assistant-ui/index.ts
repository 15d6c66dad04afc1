import type { RouteDefinition } from '../http/route.ts';

export interface AssistantUiOptions {
  /** The installation's secret: signs the addresses of files and names what a client posts twice. */
  readonly secret: Buffer;
  /** Where the server is reached from outside; default: as the request calls it. */
  readonly publicUrl?: string | undefined;
}

/** Everything an assistant-ui app needs: the cloud's contract under `/aui/v1` (without `auth`), the chat under `/aui/api`. */
export const assistantUiRoutes = (_options: AssistantUiOptions): readonly RouteDefinition[] => [];
