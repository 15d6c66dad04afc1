import { z } from 'zod';
import { request } from '../../api.ts';

const Kind = z.enum(['breaking', 'unknown', 'security', 'compatible']);
export type Kind = z.infer<typeof Kind>;
const Report = z.object({
  class: Kind,
  changes: z.array(z.object({ class: Kind, subject: z.string(), path: z.string(), what: z.string() })),
  renames: z.array(
    z.object({ from: z.string(), to: z.string(), likeness: z.number(), arguments: z.record(z.string(), z.string()), missing: z.array(z.string()) }),
  ),
  touched: z.object({
    pins: z.array(z.object({ tool: z.string(), became: z.string() })),
    policies: z.array(z.object({ tool: z.string(), policy: z.string(), of: z.string() })),
    calls: z.object({ tried: z.number(), fits: z.number(), fails: z.number(), undecided: z.number() }),
    failing: z.array(
      z.object({
        tool: z.string(),
        as: z.string().nullable(),
        conversationId: z.string(),
        runId: z.string(),
        at: z.string(),
        why: z.array(z.object({ path: z.string(), rule: z.string() })),
      }),
    ),
  }),
});
export type Report = z.infer<typeof Report>;
const Compatibility = Report.extend({ contractId: z.string(), hash: z.string(), baseline: z.object({ at: z.string() }) });
export type Compatibility = z.infer<typeof Compatibility>;

const Update = z.object({
  updateId: z.string(),
  from: z.string(),
  to: z.string(),
  status: z.enum(['preparing', 'waiting', 'approved', 'watched', 'kept', 'dismissed', 'failed', 'rolledBack']),
  why: z.array(z.string()),
  reason: z.string().nullable(),
  calls: z.object({ made: z.number(), failed: z.number() }).nullable(),
  afterHash: z.string().nullable(),
  conflicts: z.array(z.string()),
  report: Report.nullable(),
});
export type Update = z.infer<typeof Update>;
const Updates = z.object({
  updates: z.enum(['manual', 'compatible']),
  package: z.string().nullable(),
  registered: z.string().nullable(),
  versions: z.array(z.string()),
  lookedUpAt: z.string().nullable(),
  problem: z.string().nullable(),
  running: z.string().nullable(),
  previous: z.string().nullable(),
  update: Update.nullable(),
  history: z.array(
    z.object({ at: z.string(), what: z.string(), from: z.string().nullable(), to: z.string().nullable(), code: z.string().nullable() }),
  ),
});
export type Updates = z.infer<typeof Updates>;

const PlanStep = z.object({ server: z.string(), serverId: z.string(), action: z.string(), from: z.string(), to: z.string() });
export type PlanStep = z.infer<typeof PlanStep>;
const Applied = z.object({
  steps: z.array(z.object({ serverId: z.string(), action: z.string(), outcome: z.string(), reason: z.string().optional() })),
  undo: z.array(z.looseObject({ serverId: z.string(), action: z.string() })),
});
export type Applied = z.infer<typeof Applied>;
const Dependencies = z.object({
  nodes: z.array(z.object({ server: z.string(), version: z.string().nullable(), enabled: z.boolean(), tools: z.number().nullable() })),
  edges: z.array(z.object({ from: z.string(), to: z.string(), kind: z.enum(['requires', 'optional', 'conflicts', 'replaces']), label: z.string() })),
  usage: z.array(
    z.object({
      kind: z.enum(['conversation', 'prompt']),
      id: z.string(),
      title: z.string(),
      server: z.string(),
      tools: z.array(z.string()),
      calls: z.number(),
    }),
  ),
  others: z.array(z.object({ server: z.string(), persons: z.number(), calls: z.number() })),
  findings: z.array(z.object({ kind: z.string(), server: z.string(), other: z.string(), what: z.string(), remedy: z.string() })),
  plan: z.union([
    z.object({ ok: z.literal(true), steps: z.array(PlanStep) }),
    z.object({ ok: z.literal(false), why: z.array(z.string()), instead: z.array(PlanStep).nullable() }),
  ]),
});
export type Dependencies = z.infer<typeof Dependencies>;

const Anything = z.unknown();
const at = (serverId: string, rest: string): string => `/api/mcp/servers/${encodeURIComponent(serverId)}${rest}`;
const post = (path: string, body: unknown = {}) => request(path, Anything, { method: 'POST', body });

export const fetchDependencies = () => request('/api/mcp/dependencies', Dependencies);
export const applyPlan = (steps: readonly object[]) => request('/api/mcp/plan', Applied, { method: 'POST', body: { steps } });
export const fetchCompatibility = (serverId: string) => request(at(serverId, '/compatibility'), Compatibility);
export const takeContract = (serverId: string, { contractId, hash }: Compatibility) =>
  post(at(serverId, '/contract'), { contractId, contractHash: hash });
export const fetchUpdates = (serverId: string) => request(at(serverId, '/updates'), Updates);
export const setUpdates = (serverId: string, updates: string) => request(at(serverId, '/updates'), Anything, { method: 'PUT', body: { updates } });
export const lookUp = (serverId: string) => post(at(serverId, '/releases'));
export const beginUpdate = (serverId: string, version: string) => post(at(serverId, '/updates'), { version });
export const approveUpdate = (serverId: string, { updateId, afterHash }: Update, renames: Readonly<Record<string, string>>) =>
  post(at(serverId, `/updates/${updateId}/approve`), { contractHash: afterHash, renames });
export const dismissUpdate = (serverId: string, { updateId }: Update) => post(at(serverId, `/updates/${updateId}/dismiss`));
export const rollBack = (serverId: string) => post(at(serverId, '/roll-back'));
