import { contractChanges, worstOf } from '../domain/mcp-contract/changes.ts';
import type { Change, ChangeClass, Contract } from '../domain/mcp-contract/contract.ts';
import { moved, type RenameCandidate, renameCandidates } from '../domain/mcp-contract/migration.ts';
import type { KnownCall } from './recorded-calls.ts';
import { type Replayed, replayer } from './replay.ts';

/** A recorded call, tried against what the server offers in the other contract. `as`: the tool that takes its place. */
export interface TriedCall {
  readonly call: KnownCall;
  readonly as: string | null;
  readonly outcome: 'fits' | 'fails' | 'undecided' | 'gone';
  readonly at: readonly { readonly path: string; readonly rule: string }[];
}

/** What going over from one contract to the other means, and for the calls that were made. */
export interface MigrationReport {
  readonly class: ChangeClass;
  readonly changes: readonly Change[];
  readonly renames: readonly RenameCandidate[];
  readonly tried: readonly TriedCall[];
}

/** `calls` are tried only where the two contracts differ at all. */
export function migrationReport(before: Contract, after: Contract, calls: readonly KnownCall[]): MigrationReport {
  const changes = contractChanges(before, after);
  const renames = renameCandidates(before, after);
  const tools = new Map(after.tools.map((tool) => [tool.name, replayer(tool.inputSchema)]));
  const tryOne = (call: KnownCall): TriedCall => {
    const rename = tools.has(call.tool) ? undefined : renames.find(({ from }) => from === call.tool);
    const as = rename?.to ?? (tools.has(call.tool) ? call.tool : null);
    const replay = as === null ? undefined : tools.get(as);
    if (!replay) return { call, as, outcome: 'gone', at: [] };
    const replayed: Replayed = replay(rename ? moved(rename, call.input) : call.input);
    if (replayed.fits === 'no') return { call, as, outcome: 'fails', at: replayed.at };
    return { call, as, outcome: replayed.fits === 'yes' ? 'fits' : 'undecided', at: [] };
  };
  return { class: worstOf(changes), changes, renames, tried: changes.length === 0 ? [] : calls.map(tryOne) };
}

/** How many of the calls would go on to work. */
export const countTried = (tried: readonly TriedCall[]) => ({
  tried: tried.length,
  fits: tried.filter(({ outcome }) => outcome === 'fits').length,
  fails: tried.filter(({ outcome }) => outcome === 'fails' || outcome === 'gone').length,
  undecided: tried.filter(({ outcome }) => outcome === 'undecided').length,
});
