import { z } from 'zod';
import { request } from '../../api.ts';
import { fetchQuestions } from '../../ui/questions.tsx';

const Policy = z.enum(['deny', 'ask', 'allow']);
export type Policy = z.infer<typeof Policy>;
const Status = z.object({
  state: z.string(),
  reason: z.string().optional(),
  calls: z.number(),
  errors: z.number(),
  meanMs: z.number().optional(),
  connectMs: z.number().optional(),
  reconnects: z.number(),
  memoryBytes: z.number().optional(),
  serverName: z.string().optional(),
  protocolVersion: z.string().optional(),
});
const Server = z.object({
  id: z.string(),
  owner: z.enum(['self', 'organisation', 'built_in']),
  slug: z.string(),
  title: z.string(),
  transport: z.string(),
  enabled: z.boolean(),
  administered: z.object({ address: z.object({ command: z.string().optional(), url: z.string().optional() }).nullable() }).optional(),
  contract: z.object({ tools: z.number(), quarantined: z.array(z.string()), changed: z.boolean() }).nullable(),
  login: z.object({ connected: z.boolean(), issuer: z.string().nullable() }).optional(),
  status: Status.nullable(),
  tools: z.number().optional(),
});
export type Server = z.infer<typeof Server>;
const Tool = z.object({
  name: z.string(),
  serverId: z.string(),
  server: z.string(),
  tool: z.string(),
  description: z.string().nullable(),
  hints: z.object({ readOnly: z.boolean(), destructive: z.boolean() }),
  policy: Policy,
  offered: z.boolean(),
  withheld: z.string().nullable(),
  reason: z.string().nullable(),
  warnings: z.array(z.string()).optional(),
});
export type Tool = z.infer<typeof Tool>;
const Approval = z.object({
  approvalId: z.string(),
  runId: z.string(),
  toolName: z.string(),
  input: z.unknown(),
  askedAt: z.string(),
});
export type Approval = z.infer<typeof Approval>;
const Change = z.object({
  contractId: z.string(),
  hash: z.string(),
  changed: z.array(z.string()),
  before: z.record(z.string(), z.unknown()).nullable(),
  now: z.record(z.string(), z.unknown()).nullable(),
});
export type Change = z.infer<typeof Change>;
const Imported = z.object({ imported: z.array(z.object({ name: z.string(), outcome: z.string(), reason: z.string().optional() })) });
const AskedOf = z.object({ name: z.string(), title: z.string(), description: z.string(), required: z.boolean(), many: z.boolean() });
export type AskedOf = z.infer<typeof AskedOf>;
const Entry = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  source: z.enum(['shipped', 'operator']),
  transport: z.string(),
  package: z.object({ name: z.string(), version: z.string() }).nullable(),
  url: z.string().nullable(),
  inputs: z.array(AskedOf),
  secrets: z.array(AskedOf),
  requires: z.record(z.string(), z.string()),
  forOneself: z.boolean(),
});
export type Entry = z.infer<typeof Entry>;
const Anything = z.unknown();

const send = (method: string, body: unknown) => ({ method, body });
const at = (serverId: string, rest = '') => `/api/mcp/servers/${encodeURIComponent(serverId)}${rest}`;

/** All that the page shows, asked at once. */
export async function fetchToolServers() {
  const [{ servers }, { tools }, { approvals }, questions] = await Promise.all([
    request('/api/mcp/servers', z.object({ servers: z.array(Server) })),
    request('/api/mcp/tools', z.object({ tools: z.array(Tool) })),
    request('/api/approvals', z.object({ approvals: z.array(Approval) })),
    fetchQuestions(),
  ]);
  return { servers, tools, approvals, questions };
}

export const fetchCatalogue = () => request('/api/mcp/catalogue', z.object({ entries: z.array(Entry), problem: z.string().nullable() }));
export const addFromCatalogue = (entry: string, said: object) => request(`/api/mcp/catalogue/${entry}`, Anything, send('POST', said));
export const registerServer = (server: object) => request('/api/mcp/servers', Anything, send('POST', server));
export const importServers = (owner: 'self' | 'organisation', file: unknown) =>
  request(`/api/mcp/import?owner=${owner}`, Imported, send('POST', file));
export const refreshServer = (id: string) => request(at(id, '/refresh'), Anything, { method: 'POST' });
export const removeServer = (id: string) => request(at(id), Anything, { method: 'DELETE' });
export const switchServer = (id: string, enabled: boolean) => request(at(id, '/enabled'), Anything, send('PUT', { enabled }));
export const setPolicy = (serverId: string, tool: string | null, policy: Policy | null) =>
  request('/api/mcp/policies', Anything, send('PUT', { serverId, tool, policy }));
export const chooseTool = (serverId: string, tool: string | null, enabled: boolean | null) =>
  request('/api/mcp/choices', Anything, send('PUT', { serverId, tool, enabled }));
export const fetchChange = (serverId: string, tool: string) => request(at(serverId, `/change?tool=${encodeURIComponent(tool)}`), Change);
export const takeChange = (serverId: string, tool: string, { contractId, hash }: Change) =>
  request(at(serverId, '/approve'), Anything, send('POST', { contractId, tool, hash }));
export const answerApproval = ({ runId, approvalId }: Approval, approved: boolean) =>
  request(`/api/runs/${encodeURIComponent(runId)}/approvals/${encodeURIComponent(approvalId)}`, Anything, send('POST', { approved }));
