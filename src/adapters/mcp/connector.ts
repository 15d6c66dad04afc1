import {
  Client,
  type PriorDiscovery,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type Transport,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client';
import type { JsonObject } from '../../domain/event.ts';
import type { GuardedFetch } from '../guarded-fetch/port.ts';
import { authorizedFetch } from './authorized-fetch.ts';
import { connectionOf } from './connection.ts';
import { mcpErrorOf } from './errors.ts';
import { createMcpAuthorizer } from './oauth.ts';
import type { McpConnection, McpConnectOptions, McpConnector, McpError, McpFacts, McpPrior, McpResult, McpTarget } from './port.ts';
import { groupMemory } from './process-group.ts';
import { createStdioTransport } from './stdio-transport.ts';

export interface ConnectorParts {
  /** For every request to a server. */
  readonly fetch: GuardedFetch;
  readonly version: string;
  /** A message longer than this (bytes) ends the connection; default 16 MB. */
  readonly maxMessageBytes?: number;
}

interface Attempt {
  readonly kind: McpTarget['kind'];
  readonly mode: VersionNegotiationMode;
  readonly prior?: PriorDiscovery;
}

const PROBE_MS = 5000;
/** A child process has to start first, many of them on a small machine. */
const SLOW_PROBE_MS = 12_000;
const DEBOUNCE_MS = 1000;

/** Servers of both eras, over all three transports, by the second SDK. */
export function createMcpConnector(parts: ConnectorParts): McpConnector {
  return {
    authorizer: createMcpAuthorizer(parts.fetch),
    async connect(target, options) {
      const tried: McpError[] = [];
      for (let attempt: Attempt | undefined = firstAttempt(target, options.prior); attempt; ) {
        const connected: McpResult<McpConnection> = await connectOnce(parts, target, attempt, options);
        if (connected.ok) return connected;
        tried.push(connected.error);
        attempt = nextAttempt(target, attempt, connected.error);
      }
      // What the first attempt met says most; the later ones were made because of it.
      return { ok: false, error: tried[0] as McpError };
    },
  };
}

const firstAttempt = ({ kind }: McpTarget, prior: McpPrior | undefined): Attempt => {
  if (kind === 'sse' || prior?.era === 'legacy') return { kind, mode: 'legacy' };
  return prior?.discover ? { kind, mode: 'auto', prior: { kind: 'modern', discover: prior.discover as never } } : { kind, mode: 'auto' };
};

/**
 * What to try when that did not work. A server may have changed its era since; one that ends at a question it does not know, or answers it with nothing
 * (a proxy's 204), is spoken to in the old way; one that knows no Streamable HTTP is asked for SSE.
 */
function nextAttempt(target: McpTarget, { kind, mode, prior }: Attempt, { code }: McpError): Attempt | undefined {
  const silent = target.kind === 'stdio' && mode !== 'legacy' && code === 'Timeout';
  if (code !== 'BadAnswer' && code !== 'Closed' && code !== 'SpawnFailed' && !silent) return undefined;
  if (prior) return { kind, mode: 'auto' };
  if (mode !== 'legacy') return { kind, mode: 'legacy' };
  return target.kind === 'auto' && kind === 'auto' ? { kind: 'sse', mode: 'legacy' } : undefined;
}

async function connectOnce(
  { fetch, version, maxMessageBytes = 16 * 1024 * 1024 }: ConnectorParts,
  target: McpTarget,
  { kind, mode, prior }: Attempt,
  { signal, timeoutMs, onChanged }: McpConnectOptions,
): Promise<McpResult<McpConnection>> {
  const changed = { autoRefresh: false, debounceMs: DEBOUNCE_MS, onChanged: () => onChanged?.() };
  const client = new Client(
    { name: 'annals', version },
    {
      versionNegotiation: { mode, probe: { timeoutMs: kind === 'stdio' ? Math.min(SLOW_PROBE_MS, timeoutMs) : Math.min(PROBE_MS, timeoutMs) } },
      ...(onChanged ? { listChanged: { tools: changed, prompts: changed, resources: changed } } : {}),
    },
  );
  const child = 'command' in target ? createStdioTransport({ ...target, maxMessageBytes }) : undefined;
  const transport: Transport = child ?? overHttp(target as Extract<McpTarget, { url: string }>, kind, fetch);
  const { promise: closed, resolve: sayClosed } = Promise.withResolvers<string>();
  const words = (): string => (child ? endOf(child.lastWords()) : '');
  client.onclose = () => sayClosed(`The connection has ended.${words()}`);
  let ended: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (ended ??= (async () => {
      await client.close().catch(() => undefined);
      // A client that never came to be connected closes nothing.
      await transport.close().catch(() => undefined);
      sayClosed('It was closed.');
    })());
  try {
    signal.throwIfAborted();
    await client.connect(transport, { signal, timeout: timeoutMs, ...(prior ? { prior } : {}) });
  } catch (error) {
    await close();
    const found = mcpErrorOf(error, { signal });
    const { code, message } = child && found.code === 'Closed' ? ({ ...found, code: 'SpawnFailed' } as const) : found;
    return { ok: false, error: { code, message: `${message}${words()}`, sent: false } };
  }
  const pid = child?.pid;
  return {
    ok: true,
    value: connectionOf(client, factsOf(client, pid), {
      closed,
      session: { id: () => transport.sessionId },
      memory: () => (pid === undefined ? undefined : groupMemory(pid)),
      close,
    }),
  };
}

function overHttp(target: Extract<McpTarget, { url: string }>, kind: McpTarget['kind'], fetch: GuardedFetch): Transport {
  const { tokens } = target;
  const options = { fetch: tokens ? authorizedFetch(fetch, target.url, tokens) : fetch, requestInit: { headers: { ...target.headers } } };
  const url = new URL(target.url);
  return kind === 'sse' ? new SSEClientTransport(url, options) : new StreamableHTTPClientTransport(url, options);
}

function factsOf(client: Client, pid: number | undefined): McpFacts {
  const era = client.getProtocolEra() === 'modern' ? 'modern' : 'legacy';
  const discover = era === 'modern' ? (client.getDiscoverResult() as JsonObject | undefined) : undefined;
  const server = client.getServerVersion();
  return {
    era,
    protocolVersion: client.getNegotiatedProtocolVersion() ?? '',
    serverName: server?.name ?? '',
    serverVersion: server?.version ?? '',
    instructions: client.getInstructions() ?? null,
    capabilities: (client.getServerCapabilities() ?? {}) as JsonObject,
    prior: { era, ...(discover ? { discover } : {}) },
    ...(pid === undefined ? {} : { pid }),
  };
}

/** The last line of what a process wrote, which often says why it ended. */
function endOf(words: string): string {
  const line = words
    .trim()
    .split('\n')
    .findLast((text) => text.trim() !== '');
  return line === undefined ? '' : ` Its last words: ${line.replace(/\p{C}/gu, '').slice(0, 200)}`;
}
