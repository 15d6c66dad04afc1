import { z } from 'zod';
import { COMPAT_KEY, Requirements } from '../mcp-plan/requirements.ts';
import { McpUpdates } from './server.ts';

/**
 * The `mcpServers` JSON that assistants and editors keep (no standard; the union of what Claude, Cursor, VS Code and others write). It is data: nothing in
 * it is expanded, looked up or run.
 */
const Entry = z.looseObject({
  type: z.string().optional(),
  transport: z.string().optional(),
  command: z.string().optional(),
  args: z.array(z.coerce.string()).optional(),
  env: z.record(z.string(), z.coerce.string()).optional(),
  cwd: z.string().optional(),
  url: z.string().optional(),
  serverUrl: z.string().optional(),
  headers: z.record(z.string(), z.coerce.string()).optional(),
  description: z.string().optional(),
  /** Seconds where it is small, as some write it, else milliseconds. */
  timeout: z.number().positive().optional(),
  disabled: z.boolean().optional(),
  enabled: z.boolean().optional(),
  autoApprove: z.array(z.string()).optional(),
  alwaysAllow: z.array(z.string()).optional(),
  disabledTools: z.array(z.string()).optional(),
  /** Of Annals: `name@version` of a package that is started by npx. */
  package: z.string().optional(),
  updates: McpUpdates.optional(),
  /** By server, the range of versions that it needs. */
  requires: z.record(z.string(), z.string()).optional(),
  /** As in a `server.json`: under `dev.annals/compat` what it says of others. */
  _meta: z.record(z.string(), z.unknown()).optional(),
  /** Each person logs in there; all of what it says may be missing. */
  oauth: z
    .looseObject({
      clientId: z.string().optional(),
      clientSecret: z.string().optional(),
      scopes: z.union([z.array(z.string()), z.string().transform((scopes) => scopes.split(/[\s,]+/).filter(Boolean))]).optional(),
    })
    .optional(),
});
export const McpConfig = z.union([
  z.looseObject({ mcpServers: z.record(z.string(), z.unknown()) }),
  z.looseObject({ servers: z.record(z.string(), z.unknown()) }),
]);

const kinds: Readonly<Record<string, 'stdio' | 'http' | 'sse'>> = {
  stdio: 'stdio',
  http: 'http',
  'streamable-http': 'http',
  streamableHttp: 'http',
  streamable_http: 'http',
  sse: 'sse',
};

/** One entry as a registration takes it, or why it cannot be one. */
export type ConfigEntry =
  | {
      readonly ok: true;
      readonly name: string;
      readonly given: {
        slug: string;
        title: string;
        transport: 'stdio' | 'http' | 'sse' | 'auto';
        address: { command: string; args: string[]; cwd: string | null } | { url: string };
        headers: Record<string, string>;
        env: Record<string, string>;
        auth: 'none' | 'oauth';
        oauth?: { clientId: string | null; clientSecret?: string; scopes: string[] };
        enabled: boolean;
        timeoutMs: number | null;
      };
      /** Tools that the file would have called without asking. */
      readonly allowed: readonly string[];
      readonly disabledTools: readonly string[];
      readonly updates?: McpUpdates;
      readonly requirements?: Requirements;
      /** What a person should know about it. */
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly name: string; readonly reason: string };

const SECONDS = 1000;

export function readConfig(config: z.output<typeof McpConfig>): readonly ConfigEntry[] {
  const entries = ('mcpServers' in config ? config.mcpServers : config.servers) as Record<string, unknown>;
  return Object.entries(entries).map(([name, raw]) => readEntry(name, raw));
}

function readEntry(name: string, raw: unknown): ConfigEntry {
  const parsed = Entry.safeParse(raw);
  if (!parsed.success)
    return { ok: false, name, reason: parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`).join('; ') };
  const entry = parsed.data;
  if (entry.package !== undefined) Object.assign(entry, { command: 'npx', args: ['-y', entry.package, ...(entry.args ?? [])] });
  const said = entry.type ?? entry.transport;
  const url = entry.url ?? entry.serverUrl;
  const transport = said === undefined ? (entry.command !== undefined ? 'stdio' : 'auto') : kinds[said];
  if (transport === undefined) return { ok: false, name, reason: `There is no transport ${said}.` };
  const address =
    transport === 'stdio'
      ? entry.command === undefined
        ? undefined
        : { command: entry.command, args: entry.args ?? [], cwd: entry.cwd ?? null }
      : url === undefined
        ? undefined
        : { url };
  if (address === undefined) return { ok: false, name, reason: transport === 'stdio' ? 'It has no command.' : 'It has no url.' };
  const requirements = requirementsOf(entry);
  if (requirements?.success === false) return { ok: false, name, reason: `What it needs cannot be read: ${z.prettifyError(requirements.error)}` };
  const { timeout } = entry;
  const timeoutMs = timeout === undefined ? null : Math.max(1000, Math.round(timeout < SECONDS ? timeout * SECONDS : timeout));
  return {
    ok: true,
    name,
    given: {
      slug: slugOf(name),
      title: entry.description ?? name,
      transport,
      address,
      headers: entry.headers ?? {},
      env: entry.env ?? {},
      ...loginOf(entry, transport),
      enabled: entry.enabled ?? !(entry.disabled ?? false),
      timeoutMs,
    },
    allowed: [...(entry.autoApprove ?? []), ...(entry.alwaysAllow ?? [])],
    disabledTools: entry.disabledTools ?? [],
    ...(entry.updates === undefined ? {} : { updates: entry.updates }),
    ...(requirements === undefined ? {} : { requirements: requirements.data }),
    warnings: warningsOf(entry),
  };
}

/** What an entry says that it needs, parsed; undefined where it says nothing of it. */
export function requirementsOf({ requires, _meta: meta = {} }: Pick<z.output<typeof Entry>, 'requires' | '_meta'>) {
  const said = meta[COMPAT_KEY];
  if (requires === undefined && said === undefined) return undefined;
  const declared = typeof said === 'object' && said !== null ? said : {};
  return Requirements.safeParse({ ...declared, ...(requires === undefined ? {} : { requires: { servers: requires } }) });
}

function loginOf({ oauth }: z.output<typeof Entry>, transport: string): Pick<Extract<ConfigEntry, { ok: true }>['given'], 'auth' | 'oauth'> {
  if (oauth === undefined || transport === 'stdio') return { auth: 'none' };
  const { clientId = null, clientSecret, scopes = [] } = oauth;
  return { auth: 'oauth', oauth: { clientId, scopes, ...(clientSecret === undefined ? {} : { clientSecret }) } };
}

/** Values that other programs would replace before they use them. */
function warningsOf(entry: z.output<typeof Entry>): string[] {
  const values = [
    entry.command,
    entry.url,
    entry.cwd,
    ...(entry.args ?? []),
    ...Object.values(entry.env ?? {}),
    ...Object.values(entry.headers ?? {}),
  ];
  const placeholders = values.some((value) => value !== undefined && /\$\{[^}]*\}/.test(value));
  return [
    ...(placeholders ? ['What stands in it between $ and braces is taken word for word: give the values themselves.'] : []),
    ...('envFile' in entry ? ['Its envFile is not read: give the variables themselves.'] : []),
  ];
}

/** A short name made of whatever it is called. */
export const slugOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 32)
    .replace(/^-+|-+$/g, '') || 'server';

/** As the file of others has it, without what is secret: of that the names, with nothing behind them. */
export function writeEntry(server: {
  readonly title: string;
  readonly transport: 'stdio' | 'http' | 'sse' | 'auto';
  readonly address: { command: string; args: readonly string[]; cwd: string | null } | { url: string };
  readonly headerNames: readonly string[];
  readonly envNames: readonly string[];
  readonly enabled: boolean;
  readonly timeoutMs: number | null;
  readonly oauth?: { readonly clientId: string | null; readonly scopes: readonly string[] } | null;
}): Record<string, unknown> {
  const { address, transport, headerNames, envNames, enabled, timeoutMs, title, oauth } = server;
  const empty = (names: readonly string[]): Record<string, string> => Object.fromEntries(names.map((name) => [name, '']));
  return {
    ...(title === '' ? {} : { description: title }),
    ...('command' in address
      ? { command: address.command, args: address.args, ...(address.cwd === null ? {} : { cwd: address.cwd }), env: empty(envNames) }
      : { ...(transport === 'auto' ? {} : { type: transport }), url: address.url, headers: empty(headerNames) }),
    ...(oauth ? { oauth: { ...(oauth.clientId === null ? {} : { clientId: oauth.clientId }), scopes: [...oauth.scopes] } } : {}),
    ...(enabled ? {} : { disabled: true }),
    ...(timeoutMs === null ? {} : { timeout: timeoutMs }),
  };
}
