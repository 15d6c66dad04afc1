import type { Trial } from './trial.ts';

/**
 * Where a connection stands: registered → connecting → needs_auth | ready ↔ degraded → backoff → failed → disabled. `registered` also after it was idle:
 * the next use connects.
 */
export type McpState = 'registered' | 'connecting' | 'needs_auth' | 'ready' | 'degraded' | 'backoff' | 'failed' | 'disabled';

/** What one process knows of one connection of one person. */
export interface McpStatus {
  readonly serverId: string;
  readonly person: string;
  readonly state: McpState;
  /** ISO. */
  readonly since: string;
  /** Why, where it is not ready. */
  readonly reason?: string;
  readonly nextTry?: string;
  readonly era?: string;
  readonly protocolVersion?: string;
  readonly serverName?: string;
  readonly serverVersion?: string;
  readonly tools?: number;
  /** From here on the log has what the server offers. */
  readonly position?: string;
  readonly broken?: readonly { readonly name: string; readonly reason: string }[];
  readonly connectMs?: number;
  readonly calls: number;
  readonly errors: number;
  /** Of the calls, in ms. */
  readonly meanMs?: number;
  readonly lastMs?: number;
  readonly reconnects: number;
  readonly memoryBytes?: number;
  readonly active: number;
  /** The release that runs, where it lies apart, and how it does. */
  readonly release?: string;
  readonly trial?: Trial;
  /** Why it does not lie apart, although its registration names a version. */
  readonly notApart?: string;
  /** The wishes for fresh lists that have been fulfilled, the newest last. */
  readonly refreshed: readonly string[];
}
