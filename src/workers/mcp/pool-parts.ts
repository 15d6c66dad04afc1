import type { McpCall, McpConnection, McpConnector, McpError, McpFacts, McpLists, McpResult, McpTarget } from '../../adapters/mcp/port.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { NamedServer } from '../../domain/mcp/server.ts';
import type { McpStatus } from '../../domain/mcp/status.ts';
import type { McpAccessDesk } from './access.ts';
import type { McpRegistry } from './registry.ts';

export interface McpLimits {
  readonly perPerson: number;
  readonly perServer: number;
  /** Child processes of this process of Annals. */
  readonly processes: number;
  readonly idleMs: number;
  readonly connectMs: number;
  /** For installing a server's package, before it is connected to. */
  readonly installMs: number;
  /** Of a call, where the server's registration says nothing else. */
  readonly callMs: number;
}
export const usualMcpLimits: McpLimits = {
  ...{ perPerson: 20, perServer: 100, processes: 40, idleMs: 600_000 },
  ...{ connectMs: 20_000, installMs: 300_000, callMs: 60_000 },
};

/** What is really started for a registration. */
export interface Launched {
  readonly target: McpTarget;
  /** The version that runs, where it lies apart. */
  readonly release?: string;
  /** Why it does not lie apart, although the registration names a version. */
  readonly notApart?: string;
}
/** `onInstall`: it has to be installed first, which takes a while. */
export type Launch = (
  server: NamedServer,
  target: McpTarget,
  options: { readonly signal: AbortSignal; readonly onInstall?: () => void },
) => Promise<McpResult<Launched>>;

export interface PoolParts {
  readonly connector: McpConnector;
  readonly registry: Pick<McpRegistry, 'open' | 'find'>;
  readonly access: Pick<McpAccessDesk, 'standing' | 'tokensFor' | 'lose'>;
  readonly limits: McpLimits;
  /** The programs that may be started; empty: any. */
  readonly commands: readonly string[];
  readonly launch: Launch;
  /** What a server offers, each time its lists have been read. */
  readonly onLists: (server: NamedServer, person: PersonId, facts: McpFacts, lists: McpLists) => Promise<string>;
  /** Somebody begins to use the server. */
  readonly onNew: (server: NamedServer, person: PersonId) => void;
  readonly onStatus: (status: McpStatus) => void;
  readonly onEvent?: (event: PoolEvent) => void;
  readonly now?: () => number;
  readonly time?: () => Date;
  readonly chance?: () => number;
}

/** For whoever counts. */
export type PoolEvent =
  | { readonly type: 'connect'; readonly server: NamedServer; readonly ms: number; readonly error?: string; readonly version?: string }
  | {
      readonly type: 'operation';
      readonly server: NamedServer;
      readonly method: string;
      readonly tool?: string;
      readonly ms: number;
      readonly error?: string;
      readonly version?: string;
    }
  | { readonly type: 'session'; readonly server: NamedServer; readonly ms: number };

export interface Use {
  readonly signal: AbortSignal;
  readonly method: string;
  readonly tool?: string;
  /** Nothing is done twice by doing it again. */
  readonly repeatable: boolean;
  readonly onProgress?: McpCall['onProgress'];
}

/** Connections of this process, one a person and registration, made when they are first used. Nothing here rejects. */
export interface McpPool {
  use<Value>(
    server: NamedServer,
    person: PersonId,
    use: Use,
    work: (connection: McpConnection, call: McpCall) => Promise<McpResult<Value>>,
  ): Promise<McpResult<Value>>;
  /** Connects, whatever it waits for, and reads the lists anew. */
  refresh(server: NamedServer, person: PersonId, requestId: string): Promise<McpResult<undefined>>;
  /** Ends the connections that are not to the registration as it is now. */
  drop(keep: (server: NamedServer, person: PersonId) => NamedServer | undefined): Promise<void>;
  /** Ends the connections of a person to a server that are not by this login. */
  loggedIn(serverId: string, person: PersonId, login: string | undefined): Promise<void>;
  /** Another release of it is to run: what is under way ends where it is, whatever comes next gets a new connection. */
  renew(serverId: string): Promise<void>;
  statuses(): readonly McpStatus[];
  /** Ends what nobody has used for long. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

export const fail = (code: McpError['code'], message: string): { ok: false; error: McpError } => ({
  ok: false,
  error: { code, message, sent: false },
});

/** Whoever calls waits no longer for a connection than for the call itself; the connect goes on. `why` says what it is at. */
export async function patiently(
  connecting: Promise<McpResult<McpConnection>>,
  { signal, ms, why }: { signal: AbortSignal; ms: number; why: () => string | undefined },
): Promise<McpResult<McpConnection>> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(ms)]);
  const { promise: late, resolve } = Promise.withResolvers<McpResult<McpConnection>>();
  const stop = (): void =>
    resolve(signal.aborted ? fail('Cancelled', 'It was cancelled.') : fail('Timeout', `The tool server is not connected yet. ${why() ?? ''}`.trim()));
  within.addEventListener('abort', stop, { once: true });
  if (within.aborted) stop();
  return await Promise.race([connecting, late]).finally(() => within.removeEventListener('abort', stop));
}

/** A tool that failed says so in its result. */
export const isErrorResult = (value: unknown): boolean => typeof value === 'object' && value !== null && 'isError' in value && value.isError === true;

/** Why a program may not be started where only certain `commands` may be; empty: any. */
export function whyNotStarted(target: McpTarget, commands: readonly string[]): string | undefined {
  if (!('command' in target) || commands.length === 0) return undefined;
  if (!commands.includes(target.command)) return `The command ${target.command} is not among those that may be started here.`;
  return 'PATH' in target.env ? 'Only certain commands may be started here, so its PATH cannot be another one.' : undefined;
}
