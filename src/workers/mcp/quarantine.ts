import type { McpConnection, McpConnector, McpResult, McpTarget } from '../../adapters/mcp/port.ts';
import type { JsonObject } from '../../domain/event.ts';
import type { ContractOffer } from '../../domain/mcp/contract.ts';
import type { KnownCall } from '../../projections/recorded-calls.ts';
import { replayer } from '../../projections/replay.ts';
import { offerOf } from './contracts.ts';

export interface QuarantineParts {
  readonly connector: McpConnector;
  readonly signal: AbortSignal;
  readonly connectMs: number;
}

const CALL_MS = 15_000;
const MOST_CALLS = 5;

/** Starts a release where no model reaches it, for as long as the work takes. */
async function started<Value>(
  { connector, signal, connectMs }: QuarantineParts,
  target: McpTarget,
  work: (connection: McpConnection) => Promise<McpResult<Value>>,
): Promise<McpResult<Value>> {
  const connected = await connector.connect(target, { signal, timeoutMs: connectMs });
  if (!connected.ok) return connected;
  try {
    return await work(connected.value);
  } finally {
    await connected.value.close();
  }
}

/** What it offers. */
export const offerFrom = (parts: QuarantineParts, target: McpTarget): Promise<McpResult<ContractOffer>> =>
  started(parts, target, async (connection) => {
    const lists = await connection.lists({ signal: parts.signal, timeoutMs: parts.connectMs });
    return lists.ok ? { ok: true, value: offerOf(connection.facts, lists.value) } : lists;
  });

/** Recorded calls that may be made again to see whether they still work: of tools that both releases say only read, and that worked. */
export function repeatable(calls: readonly KnownCall[], old: ContractOffer, now: ContractOffer): readonly KnownCall[] {
  const reads = (offer: ContractOffer, tool: string): boolean => offer.tools.some(({ name, hints }) => name === tool && hints.readOnly);
  const schemas = new Map(now.snapshot.tools.map((tool) => [String(tool.name), replayer((tool.inputSchema ?? {}) as JsonObject)]));
  return calls
    .filter(({ tool, result, input }) => result === 'output' && reads(old, tool) && reads(now, tool) && schemas.get(tool)?.(input).fits === 'yes')
    .slice(0, MOST_CALLS);
}

/** Asks whether it is there, and makes the calls; answers those that did not work. */
export const callsFailing = (parts: QuarantineParts, target: McpTarget, calls: readonly KnownCall[]): Promise<McpResult<readonly KnownCall[]>> =>
  started(parts, target, async (connection) => {
    const call = { signal: parts.signal, timeoutMs: CALL_MS };
    const there = await connection.ping(call);
    if (!there.ok) return there;
    const failing: KnownCall[] = [];
    for (const each of calls) {
      const called = await connection.callTool({ name: each.tool, inputSchema: { type: 'object' } }, each.input, call);
      if (!called.ok || called.value.isError) failing.push(each);
    }
    return { ok: true, value: failing };
  });
