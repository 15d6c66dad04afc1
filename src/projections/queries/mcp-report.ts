import { personalPolicy } from '../../domain/mcp/choice.ts';
import { toolTag } from '../../domain/mcp/names.ts';
import type { McpPolicy } from '../../domain/mcp/server.ts';
import { type ContractSnapshot, readContract } from '../../domain/mcp-contract/contract.ts';
import { countTried, type MigrationReport, migrationReport } from '../migration-report.ts';
import type { QueryContext } from '../query.ts';
import { recordedCalls } from '../recorded-calls.ts';
import type { McpContractDoc } from '../views/mcp-contracts.ts';
import type { McpServerDoc } from '../views/mcp-servers.ts';
import { choicesOf, isAdministered } from './mcp-usable.ts';

/** What a change of the contract touches of what people have said and done here. */
export interface Touched {
  readonly pins: readonly { readonly tool: string; readonly trust: 'first' | 'later' | 'approved'; readonly became: 'changed' | 'gone' }[];
  readonly policies: readonly { readonly tool: string; readonly policy: McpPolicy; readonly of: 'everybody' | 'self' }[];
  /** Of one's own calls, and where one administers the server, of everybody's. */
  readonly calls: ReturnType<typeof countTried>;
  /** Of one's own, those that would not work. */
  readonly failing: readonly {
    readonly tool: string;
    readonly as: string | null;
    readonly conversationId: string;
    readonly runId: string;
    readonly at: string;
    readonly why: readonly { readonly path: string; readonly rule: string }[];
  }[];
}

export interface Report extends Omit<MigrationReport, 'tried'> {
  readonly touched: Touched;
}

/** The report for whoever asks: what one may know of the calls of others is how many. */
export async function reportFor(
  context: QueryContext,
  { id: serverId, doc }: { id: string; doc: McpServerDoc },
  [before, after]: readonly [{ snapshot: ContractSnapshot; protocolVersion: string }, { snapshot: ContractSnapshot; protocolVersion: string }],
  pins: McpContractDoc['tools'],
): Promise<Report> {
  const { principal, views, openDeep } = context;
  const filter = isAdministered(doc, principal) ? {} : { owner: principal.id };
  const [calls, choices] = await Promise.all([recordedCalls({ views, openDeep }, serverId, filter), choicesOf(context)]);
  const old = readContract(before.snapshot, before.protocolVersion);
  const now = readContract(after.snapshot, after.protocolVersion);
  const { tried, ...report } = migrationReport(old, now, calls);
  const subjects = new Set(report.changes.map(({ subject }) => subject));
  const has = new Set(now.tools.map(({ name }) => name));
  const affected = old.tools.map(({ name }) => name).filter((name) => subjects.has(`tool ${name}`));
  const shared = new Map(doc.policies.map(({ tag, policy }) => [tag, policy]));
  const tagOf = (tool: string): string => toolTag(context.tag, serverId, tool);
  return {
    ...report,
    touched: {
      pins: affected.map((tool) => ({
        tool,
        trust: pins.find(({ tag }) => tag === tagOf(tool))?.trust ?? 'first',
        became: has.has(tool) ? 'changed' : 'gone',
      })),
      policies: affected.flatMap((tool) => {
        const [forAll, own] = [shared.get(tagOf(tool)), personalPolicy(choices, serverId, tagOf(tool))];
        return [
          ...(forAll ? [{ tool, policy: forAll, of: 'everybody' as const }] : []),
          ...(own ? [{ tool, policy: own, of: 'self' as const }] : []),
        ];
      }),
      calls: countTried(tried),
      failing: tried
        .filter(({ call, outcome }) => call.owner === principal.id && (outcome === 'fails' || outcome === 'gone'))
        .map(({ call: { tool, conversationId, runId, at }, as, at: why }) => ({ tool, as, conversationId, runId, at, why })),
    },
  };
}
