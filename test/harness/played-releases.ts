import { createGuardedFetch } from '../../src/adapters/guarded-fetch/index.ts';
import { createMcpConnector } from '../../src/adapters/mcp/connector.ts';
import type { McpConnection, McpConnector, McpToolResult } from '../../src/adapters/mcp/port.ts';
import type { NpmPackages } from '../../src/adapters/npm/port.ts';
import type { JsonObject } from '../../src/domain/event.ts';

/** One release of a package that does what a test wants. */
export interface PlayedRelease {
  readonly tools: readonly JsonObject[];
  readonly answer?: (tool: string, args: JsonObject) => Pick<McpToolResult, 'isError'> | undefined;
  /** Connects answer with nothing. */
  readonly dead?: boolean;
  /** The connection ends by itself as soon as it is there. */
  readonly falls?: boolean;
}
export type PlayedPackage = Readonly<Record<string, PlayedRelease>>;

export const playedTool = (name: string, properties: Record<string, object> = {}, more: object = {}): JsonObject => ({
  name,
  description: `Does ${name.replaceAll(/[^a-z]/gi, ' ')}.`,
  inputSchema: { type: 'object', properties, required: Object.keys(properties) } as unknown as JsonObject,
  annotations: { readOnlyHint: true },
  ...more,
});

/** A registry and a way to start what is in it, without any process: `running` are the versions that are connected to now. */
export function playReleases(name: string, releases: PlayedPackage) {
  const versions = Object.keys(releases).toReversed();
  const running: string[] = [];
  const npm: NpmPackages = {
    versions: async (_name, wanted) => ({ ok: true, value: { versions, wanted: wanted ?? versions[0] ?? '' } }),
    integrity: async (_name, version) => ({ ok: true, value: `sha512-${version}` }),
    resolve: async (of, version) =>
      of === name && releases[version]
        ? { ok: true, value: { name, version, lock: `lock of ${version}`, lockHash: version, integrity: `sha512-${version}` } }
        : { ok: false, error: { code: 'NotFound', message: 'There is none.' } },
    entry: async ({ version }) => ({ ok: true, value: `/apart/${version}` }),
    scriptsOf: () => [],
    prune: async () => undefined,
  };
  const connector: McpConnector = {
    ...createMcpConnector({ fetch: createGuardedFetch().fetch, version: 'test' }),
    async connect(target) {
      const args = 'args' in target ? target.args : [];
      const version = args[0]?.startsWith('/apart/') ? args[0].slice('/apart/'.length) : (args[1] ?? '').slice(name.length + 1);
      const release = releases[version];
      if (!release || release.dead) return { ok: false, error: { code: 'SpawnFailed', message: 'It did not start.', sent: false } };
      running.push(version);
      return { ok: true, value: connectionTo(version, release, () => running.splice(running.indexOf(version), 1)) };
    },
  };
  return { npm, connector: () => connector, running };
}

function connectionTo(version: string, { tools, answer, falls }: PlayedRelease, ended: () => void): McpConnection {
  const { promise: closed, resolve } = Promise.withResolvers<string>();
  let open = true;
  const close = async (): Promise<void> => {
    if (open) ended();
    open = false;
    resolve('It was closed.');
  };
  if (falls) setTimeout(() => void close(), 5);
  const none = async () => ({ ok: true, value: {} }) as const;
  return {
    facts: {
      era: 'legacy',
      protocolVersion: '2025-11-25',
      serverName: 'played',
      serverVersion: version,
      instructions: null,
      capabilities: { tools: {} },
      prior: { era: 'legacy' },
    },
    closed,
    ping: async () => ({ ok: true, value: undefined }),
    lists: async () => ({ ok: true, value: { tools: [...tools], prompts: [], templates: [], broken: [] } }),
    callTool: async (tool, args) => ({
      ok: true,
      value: { content: [{ type: 'text', text: `${version} did it` }], isError: answer?.(String(tool.name), args)?.isError ?? false },
    }),
    getPrompt: none,
    readResource: none,
    memory: () => undefined,
    close,
  };
}
