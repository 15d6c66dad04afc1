import { z } from 'zod';
import { McpPolicy } from '../../domain/mcp/server.ts';

const Time = z.string().meta({ format: 'date-time' });
export const ChangeKind = z.enum(['breaking', 'unknown', 'security', 'compatible']);
const Where = z.object({ path: z.string().describe('A JSON pointer into the arguments.'), rule: z.string().describe('The keyword of the schema.') });

/** What going over from one contract to another means. */
export const Report = z.object({
  class: ChangeKind.describe('That of the worst change.'),
  changes: z.array(
    z.object({
      class: ChangeKind,
      subject: z.string().describe('`tool x`, `prompt x`, `template x` or `server`.'),
      path: z.string().describe('A JSON pointer; empty for the whole.'),
      what: z.string(),
    }),
  ),
  renames: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      likeness: z.number().describe('From 0 to 1.'),
      arguments: z.record(z.string(), z.string()).describe('By old argument, the new one in its place.'),
      lost: z.array(z.string()),
      missing: z.array(z.string()),
    }),
  ),
  touched: z.object({
    pins: z.array(z.object({ tool: z.string(), trust: z.enum(['first', 'later', 'approved']), became: z.enum(['changed', 'gone']) })),
    policies: z.array(z.object({ tool: z.string(), policy: McpPolicy, of: z.enum(['everybody', 'self']) })),
    calls: z.object({ tried: z.int(), fits: z.int(), fails: z.int(), undecided: z.int() }),
    failing: z
      .array(z.object({ tool: z.string(), as: z.string().nullable(), conversationId: z.string(), runId: z.string(), at: Time, why: z.array(Where) }))
      .describe('One’s own calls that would not work.'),
  }),
});

export const Compatibility = Report.extend({
  contractId: z.string(),
  hash: z.string(),
  observedAt: Time,
  baseline: z.object({ hash: z.string(), at: Time }),
  serverVersion: z.object({ before: z.string(), now: z.string() }).describe('As the server says, which is often wrong.'),
});

const PlanStep = z.object({
  server: z.string(),
  serverId: z.string(),
  action: z.enum(['keep', 'update', 'downgrade', 'enable', 'disable']),
  from: z.string(),
  to: z.string(),
});
export const Dependencies = z.object({
  nodes: z.array(
    z.object({ server: z.string(), serverId: z.string(), version: z.string().nullable(), enabled: z.boolean(), tools: z.int().nullable() }),
  ),
  edges: z.array(
    z.object({
      from: z.string(),
      to: z.string().describe('May be a server that is not there.'),
      kind: z.enum(['requires', 'optional', 'conflicts', 'replaces']),
      label: z.string(),
    }),
  ),
  findings: z.array(
    z.object({
      kind: z.enum(['declared', 'range', 'name', 'protocol', 'client', 'engine', 'exclusive', 'duplicate', 'missing']),
      server: z.string(),
      other: z.string(),
      what: z.string(),
      remedy: z.string(),
    }),
  ),
  usage: z
    .array(
      z.object({
        kind: z.enum(['conversation', 'prompt']),
        id: z.string(),
        title: z.string(),
        server: z.string(),
        tools: z.array(z.string()),
        calls: z.int(),
      }),
    )
    .describe('What of one’s own uses them: the newest conversations that have called their tools, and prompts that name these as models do.'),
  others: z
    .array(z.object({ server: z.string(), persons: z.int(), calls: z.int() }))
    .describe('How many others have called the tools of servers that one looks after.'),
  order: z.array(z.array(z.string())).describe('In which they can be started; several in one group need each other.'),
  plan: z.union([
    z.object({
      ok: z.literal(true),
      steps: z.array(PlanStep),
    }),
    z.object({
      ok: z.literal(false),
      why: z.array(z.string()),
      instead: z.array(PlanStep).nullable().describe('With the fewest servers switched off, where that is found.'),
    }),
  ]),
});

export const Updates = z.object({
  updates: z.enum(['manual', 'compatible']),
  package: z.string().nullable(),
  registered: z.string().nullable().describe('The version that the registration names.'),
  versions: z.array(z.string()).describe('The newest first.'),
  lookedUpAt: Time.nullable(),
  problem: z.string().nullable().describe('Why the versions could not be found out.'),
  running: z.string().nullable().describe('Put in place of the registered one by an update.'),
  previous: z.string().nullable().describe('What an undo would go back to.'),
  update: z
    .object({
      updateId: z.string(),
      package: z.string(),
      from: z.string(),
      to: z.string(),
      swap: z.enum(['compatible', 'asked']),
      status: z.enum(['preparing', 'waiting', 'approved', 'watched', 'kept', 'dismissed', 'failed', 'rolledBack']),
      requestedAt: Time,
      why: z.array(z.string()).describe('Why it waits, failed or was given up, as codes.'),
      reason: z.string().nullable(),
      class: ChangeKind.nullable(),
      changes: z.int().nullable(),
      calls: z.object({ made: z.int(), failed: z.int() }).nullable().describe('Recorded calls of tools that only read, made again of it.'),
      afterHash: z.string().nullable(),
      conflicts: z.array(z.string()).describe('With other servers, that there were not before.'),
      report: Report.nullable(),
    })
    .nullable(),
  history: z.array(z.object({ at: Time, what: z.string(), from: z.string().nullable(), to: z.string().nullable(), code: z.string().nullable() })),
});
