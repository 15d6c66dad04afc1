import { z } from 'zod';
import { event, sealed } from '../event.ts';
import { ContractOffer } from './contract.ts';
import { McpServerId } from './server.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

const serverId = McpServerId;
/** As npm has it, exact. */
const Version = z.string().regex(/^[0-9A-Za-z.+-]{1,100}$/, 'must be a version such as 1.2.3');
const PackageName = z
  .string()
  .max(214)
  .regex(/^(@[a-z0-9~][a-z0-9._~-]*\/)?[a-z0-9~][a-z0-9._~-]*$/);
const Code = z.string().regex(/^[A-Za-z]{1,64}$/);
const update = { serverId, updateId: z.string().regex(/^update_[A-Za-z0-9_-]+$/) };

/** Which versions of a server's package there are, the newest first; `registered` is the one that its registration names. */
export const McpReleasesFound = event('McpReleasesFound', 1, { serverId, package: PackageName, registered: Version, versions: z.array(Version) });
/** They could not be found out; the code says why. */
export const McpReleasesUnknown = event('McpReleasesUnknown', 1, { serverId, code: Code });
/** `swap`: by itself where that is compatible, or when somebody has looked at it. */
export const McpUpdateRequested = event('McpUpdateRequested', 1, {
  ...update,
  package: PackageName,
  from: Version,
  to: Version,
  swap: z.enum(['compatible', 'asked']),
});
/** It lies apart, its scripts not run. `integrity` is npm's; `lock` names every package that it needs with theirs, `lockHash` is its SHA-256. */
export const McpReleaseInstalled = event('McpReleaseInstalled', 1, {
  serverId,
  package: PackageName,
  version: Version,
  integrity: z.string().max(500),
  lockHash: z.string(),
  ...sealed({ lock: z.string() }),
});
/** What the new one offers, started where no model reaches it, beside what is gone by now. */
export const McpUpdateCompared = event('McpUpdateCompared', 1, {
  ...update,
  class: z.enum(['breaking', 'unknown', 'security', 'compatible']),
  changes: z.int(),
  /** Conflicts with other servers that there were not before. */
  conflicts: z.int(),
  /** Whether nothing of the old one was withheld for having changed. */
  settled: z.boolean(),
  beforeHash: z.string(),
  afterHash: z.string(),
  /** `baseline` is what was compared with: what has been taken, while `before` is what was seen last. */
  ...sealed({ before: ContractOffer, baseline: ContractOffer, after: ContractOffer, conflictTexts: z.array(z.string()) }),
});
/** It answered, and recorded calls of tools that only read were made of it: `failed` of them, though they work with the old one. */
export const McpUpdateTried = event('McpUpdateTried', 1, { ...update, calls: z.int(), failed: z.int() });
/** It waits for somebody, for one of these reasons. */
export const McpUpdateHeld = event('McpUpdateHeld', 1, { ...update, why: z.array(Code) });
/** Somebody has looked at it. `renames`: tools whose policies go over to others. */
export const McpUpdateApproved = event('McpUpdateApproved', 1, { ...update, renames: z.record(z.string(), z.string()) });
/** From here on the new one is started. `wanted` is what the registration says: another registration is not held to this. */
export const McpReleaseSwapped = event('McpReleaseSwapped', 1, {
  ...update,
  package: PackageName,
  wanted: z.string().nullable(),
  from: Version,
  to: Version,
});
export const McpUpdateEnded = event('McpUpdateEnded', 1, {
  ...update,
  outcome: z.enum(['kept', 'dismissed', 'failed']),
  code: Code.optional(),
  ...sealed({ reason: z.string().max(2000).optional() }),
});
/** From here on the old one is started again; it ends the update, if that was still looked after. */
export const McpReleaseRolledBack = event('McpReleaseRolledBack', 1, {
  ...update,
  from: Version,
  to: Version,
  why: z.enum(['asked', 'crashes', 'errors', 'unreachable']),
});

export const mcpReleaseEvents = [
  McpReleasesFound,
  McpReleasesUnknown,
  McpUpdateRequested,
  McpReleaseInstalled,
  McpUpdateCompared,
  McpUpdateTried,
  McpUpdateHeld,
  McpUpdateApproved,
  McpReleaseSwapped,
  McpUpdateEnded,
  McpReleaseRolledBack,
] as const;
