import { z } from 'zod';
import { ContractOffer } from '../domain/mcp/contract.ts';
import { mcpReleaseStream, mcpReleases } from '../domain/mcp/release.ts';
import { McpServerId } from '../domain/mcp/server.ts';
import { ORGANISATION } from '../domain/provider-key.ts';
import { command, firstDataOf, type Policy } from './command.ts';
import { administratorsOnly, annalsOnly, ownerOnly } from './policy.ts';

const of = { stream: ({ serverId }: { serverId: string }) => mcpReleaseStream(serverId), aggregate: mcpReleases };
const byOwner: Policy = ({ owner, ...request }) => {
  if (owner !== ORGANISATION) return ownerOnly({ owner, ...request });
  return administratorsOnly({ owner, ...request }) === 'allow' ? 'allow' : 'notFound';
};
const Version = z.string().min(1).max(100);
const server = z.object({ serverId: McpServerId });
const update = server.extend({ updateId: z.string().max(128) });

/** Has a worker install that version apart, look at it and try it. `swap`: then taken by itself where it is compatible, or when somebody has looked. */
export const requestMcpUpdate = command('requestMcpUpdate', {
  input: server.extend({ version: Version, swap: z.enum(['compatible', 'asked']).default('asked') }),
  ...of,
  policy: byOwner,
  result: (events) => ({ updateId: firstDataOf<{ updateId: string }>(events).updateId }),
});
/** `contractHash` is that of what the new version was seen to offer. */
export const approveMcpUpdate = command('approveMcpUpdate', {
  input: update.extend({ contractHash: z.string().max(64), renames: z.record(z.string().max(128), z.string().max(128)).default({}) }),
  ...of,
  policy: byOwner,
});
export const dismissMcpUpdate = command('dismissMcpUpdate', { input: update, ...of, policy: byOwner });
/** What ran before is started again, at once. */
export const rollBackMcpRelease = command('rollBackMcpRelease', { input: server, ...of, policy: byOwner });

const byAnnals = { ...of, policy: annalsOnly };
export const noteMcpReleases = command('noteMcpReleases', {
  input: server.extend({ package: z.string(), registered: Version, versions: z.array(Version).max(100) }),
  ...byAnnals,
});
export const noteMcpReleasesUnknown = command('noteMcpReleasesUnknown', { input: server.extend({ code: z.string() }), ...byAnnals });
export const recordMcpInstall = command('recordMcpInstall', {
  input: server.extend({ package: z.string(), version: Version, integrity: z.string(), lockHash: z.string(), lock: z.string() }),
  ...byAnnals,
});
export const recordMcpComparison = command('recordMcpComparison', {
  input: update.extend({
    class: z.enum(['breaking', 'unknown', 'security', 'compatible']),
    changes: z.int(),
    conflicts: z.int(),
    settled: z.boolean(),
    beforeHash: z.string(),
    afterHash: z.string(),
    before: ContractOffer,
    baseline: ContractOffer,
    after: ContractOffer,
    conflictTexts: z.array(z.string()),
  }),
  ...byAnnals,
});
export const recordMcpTrial = command('recordMcpTrial', { input: update.extend({ calls: z.int(), failed: z.int() }), ...byAnnals });
/** Swaps, if it may be; else it waits. `wanted` is what the registration says now. */
export const decideMcpUpdate = command('decideMcpUpdate', { input: update.extend({ wanted: z.string().nullable() }), ...byAnnals });
export const endMcpUpdate = command('endMcpUpdate', {
  input: update.extend({ outcome: z.enum(['kept', 'failed']), code: z.string().optional(), reason: z.string().max(2000).optional() }),
  ...byAnnals,
});
/** It does not hold: what ran before is started again. */
export const undoMcpUpdate = command('undoMcpUpdate', { input: update.extend({ why: z.enum(['crashes', 'errors', 'unreachable']) }), ...byAnnals });
