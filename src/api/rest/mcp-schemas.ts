import { z } from 'zod';
import { McpAddress, McpAudience, McpPolicy, McpTransport } from '../../domain/mcp/server.ts';
import type { McpStatus } from '../../domain/mcp/status.ts';

const Time = z.string().meta({ format: 'date-time' });
const Policies = z.array(z.object({ tool: z.string().describe('Empty: all of its tools.'), policy: McpPolicy }));

export const Status = z.object({
  state: z.enum(['registered', 'connecting', 'needs_auth', 'ready', 'degraded', 'backoff', 'failed', 'disabled']),
  since: Time,
  reason: z.string().optional().describe('Why, where it is not ready; of `connecting`, that its package is being installed.'),
  nextTry: Time.optional(),
  era: z.string().optional(),
  protocolVersion: z.string().optional(),
  serverName: z.string().optional(),
  serverVersion: z.string().optional().describe('As the server says, which is often wrong.'),
  tools: z.int().optional(),
  broken: z.array(z.object({ name: z.string(), reason: z.string() })).optional(),
  connectMs: z.int().optional(),
  calls: z.int(),
  errors: z.int(),
  meanMs: z.int().optional(),
  lastMs: z.int().optional(),
  reconnects: z.int(),
  memoryBytes: z.int().optional().describe('Of the child processes.'),
  active: z.int(),
  release: z.string().optional().describe('Which version of its package runs, where that was installed apart.'),
  notApart: z.string().optional().describe('Why it was not, although the registration names a version: `npx` brings it at each start.'),
  authorize: z.string().optional().describe('Where to POST to begin a login, where it needs one.'),
});
export const ConnectionStatus = Status.extend({ serverId: z.string(), person: z.string(), process: z.string() });

export const Server = z.object({
  id: z.string(),
  owner: z.enum(['self', 'organisation', 'built_in']),
  number: z.int(),
  slug: z.string(),
  title: z.string(),
  transport: z.enum([...McpTransport.options, 'built_in']),
  enabled: z.boolean(),
  auth: z.enum(['none', 'oauth']),
  timeoutMs: z.int().nullable(),
  version: z.int(),
  policies: Policies,
  createdAt: Time.nullable(),
  changedAt: Time.nullable(),
  tools: z.int().optional().describe('How many are built in, where it is Annals itself.'),
  administered: z
    .object({
      address: McpAddress.nullable(),
      headerNames: z.array(z.string()),
      envNames: z.array(z.string()),
      oauth: z.object({ clientId: z.string().nullable(), scopes: z.array(z.string()) }).nullable(),
      audience: McpAudience,
    })
    .optional()
    .describe('For whoever looks after it. The values of headers and variables are never shown.'),
  contract: z
    .object({
      id: z.string(),
      hash: z.string(),
      era: z.enum(['legacy', 'modern']),
      protocolVersion: z.string(),
      observedAt: Time,
      tools: z.int(),
      changed: z.boolean().describe('It is another one than is gone by: see its compatibility.'),
      quarantined: z.array(z.string()).describe('Tools whose definition has changed since it was taken.'),
    })
    .nullable(),
  login: z
    .object({
      connected: z.boolean(),
      since: Time,
      reason: z.string().nullable(),
      issuer: z.string().nullable(),
      expiresAt: Time.nullable(),
      renews: z.boolean(),
    })
    .optional()
    .describe('One’s own, at a server where each person logs in for itself.'),
  status: Status.nullable().describe('Of one’s own connection; null: nobody has used it for long.'),
});

export const Tool = z.object({
  name: z.string().describe('What a model calls it.'),
  serverId: z.string(),
  server: z.string(),
  tool: z.string(),
  title: z.string().nullable(),
  description: z.string().nullable(),
  inputSchema: z.record(z.string(), z.json()),
  hints: z.object({ readOnly: z.boolean(), destructive: z.boolean(), idempotent: z.boolean() }),
  policy: McpPolicy,
  offered: z.boolean(),
  withheld: z.enum(['gone', 'quarantined', 'denied', 'disabled', 'off', 'collision', 'broken']).nullable(),
  reason: z.string().nullable(),
  warnings: z.array(z.string()).describe('What in its definition looks as if it were meant to mislead.'),
});

export const Change = z.object({
  contractId: z.string(),
  hash: z.string(),
  pinned: z.string(),
  trust: z.enum(['first', 'later', 'approved']),
  before: z.record(z.string(), z.json()).nullable(),
  now: z.record(z.string(), z.json()).nullable(),
  changed: z.array(z.string()).describe('The fields in which they differ.'),
});

export const Approval = z.object({
  approvalId: z.string(),
  conversationId: z.string(),
  runId: z.string(),
  toolCallId: z.string(),
  toolName: z.string(),
  serverId: z.string().nullable(),
  tool: z.string().nullable(),
  input: z.json(),
  askedAt: Time,
  expiresAt: Time.nullable(),
});

/** A status without what only says where it was written. */
export const statusJson = ({ serverId: _, person: __, refreshed: ___, position: _____, ...status }: McpStatus & { readonly process?: string }) => {
  const { process: ____, ...shown } = status;
  return shown;
};
