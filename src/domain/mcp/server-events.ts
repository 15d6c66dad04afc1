import { z } from 'zod';
import { event, sealed } from '../event.ts';
import { PersonId } from '../ids.ts';
import { Requirements } from '../mcp-plan/requirements.ts';
import { McpServerFromCatalogue } from './catalogue-origin.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

export const OF_ORGANISATION = 'mcp_org_';
export const McpServerId = z
  .string()
  .max(128)
  .regex(/^mcp_[a-z0-9_]+$/, 'must be the id of a tool server, starting with "mcp_"');

/** What the names of its tools begin with, for a model. */
export const McpSlug = z
  .string()
  .max(32)
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, 'must be a short name of small letters, digits and dashes, such as files');

/** `auto`: Streamable HTTP, and where that is not understood the older SSE. */
export const McpTransport = z.enum(['stdio', 'http', 'sse', 'auto']);
/** Who may use a server of the organisation: everybody who has a name here, or those who are named. A person's own is that person's. */
export const McpAudience = z.union([z.literal('everybody'), z.array(PersonId).max(1000)]);
/** What happens when a model wants to call a tool; of several that apply the strictest counts. */
export const McpPolicy = z.enum(['deny', 'ask', 'allow']);
export type McpPolicy = z.output<typeof McpPolicy>;
/** Whether new versions of a package are taken when somebody says so, or by themselves where nothing breaks and nothing new is said to models. */
export const McpUpdates = z.enum(['manual', 'compatible']);
export type McpUpdates = z.output<typeof McpUpdates>;
export type McpTransport = z.output<typeof McpTransport>;

export const McpAddress = z.union([
  z.strictObject({ command: z.string(), args: z.array(z.string()), cwd: z.string().nullable() }),
  z.strictObject({ url: z.string() }),
]);
export type McpAddress = z.output<typeof McpAddress>;

const definition = {
  /** What the short name is recognised by: the name itself is sealed. */
  slugTag: z.string(),
  /** Of version 1, which had it in the clear. */
  plainSlug: z.string().optional(),
  transport: McpTransport,
  audience: McpAudience,
  enabled: z.boolean(),
  auth: z.enum(['none', 'oauth']),
  /** How long one call may take, in ms; null: what is usual here. */
  timeoutMs: z.int().nullable(),
};
/** `secret` is JSON of `{ headers, env, clientSecret }`; of these only the names stand outside it. */
const personal = {
  /** Absent in version 1. */
  slug: McpSlug.optional(),
  title: z.string(),
  address: McpAddress,
  headerNames: z.array(z.string()),
  envNames: z.array(z.string()),
  oauth: z.strictObject({ clientId: z.string().nullable(), scopes: z.array(z.string()) }).nullable(),
  secret: z.string(),
};
const Definition = z.object({ ...definition, ...personal });
export type McpDefinition = z.output<typeof Definition>;

/** A server as it is given. */
export interface GivenServer extends Omit<McpDefinition, 'slugTag' | 'plainSlug' | 'slug' | 'headerNames' | 'envNames' | 'oauth' | 'secret'> {
  readonly slug: string;
  readonly headers: Record<string, string>;
  readonly env: Record<string, string>;
  readonly oauth?: { clientId: string | null; clientSecret?: string; scopes: string[] };
}

export const McpServerRegistered = event('McpServerRegistered', 2, {
  serverId: McpServerId,
  /** Counts its owner's servers, from 1 on. */
  number: z.int(),
  ...definition,
  ...sealed(personal, { hidden: ['secret'] }),
});
/** The whole of it anew. `version` counts; `dropped`: events whose secrets nobody needs any more. */
export const McpServerChanged = event('McpServerChanged', 2, {
  serverId: McpServerId,
  version: z.int(),
  dropped: z.array(z.string()),
  ...definition,
  ...sealed(personal, { hidden: ['secret'] }),
});
export const McpServerSwitched = event('McpServerSwitched', 1, { serverId: McpServerId, enabled: z.boolean() });
export const McpServerShared = event('McpServerShared', 1, { serverId: McpServerId, audience: McpAudience });
export const McpServerRemoved = event('McpServerRemoved', 1, { serverId: McpServerId, dropped: z.array(z.string()) });
/** By administrators, for whoever uses a server of the organisation; null takes it back. Without `tool` it is about all of its tools. */
export const McpServerPolicySet = event('McpServerPolicySet', 2, {
  serverId: McpServerId,
  toolTag: z.string().nullable(),
  /** Of version 1, which had it in the clear and nothing sealed. */
  plainTool: z.string().optional(),
  policy: McpPolicy.nullable(),
  ...sealed({ tool: z.string().nullable() }),
});
/** Somebody wants its lists read anew. */
export const McpRefreshRequested = event('McpRefreshRequested', 1, { serverId: McpServerId, requestId: z.string(), by: z.string() });
/** What it needs of other servers and of this machine, and cannot stand; null takes it back. */
export const McpRequirementsSet = event('McpRequirementsSet', 1, { serverId: McpServerId, ...sealed({ requirements: Requirements.nullable() }) });
export const McpUpdatesSet = event('McpUpdatesSet', 1, { serverId: McpServerId, updates: McpUpdates });
/** Somebody wants to know which versions of its package there are. */
export const McpReleasesWanted = event('McpReleasesWanted', 1, { serverId: McpServerId });

export const mcpServerEvents = [
  McpServerRegistered,
  McpServerFromCatalogue,
  McpServerChanged,
  McpServerSwitched,
  McpServerShared,
  McpServerRemoved,
  McpServerPolicySet,
  McpRefreshRequested,
  McpRequirementsSet,
  McpUpdatesSet,
  McpReleasesWanted,
] as const;
