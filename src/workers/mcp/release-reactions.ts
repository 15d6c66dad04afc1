import type { EventStore } from '../../adapters/event-store/port.ts';
import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import type { CommandValue, Tell } from '../../commands/command.ts';
import { requestJob } from '../../commands/job.ts';
import { observeMcpContract, setMcpServerPolicy, takeMcpContract } from '../../commands/mcp.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { type EventOf, isUnopened, type RecordedEvent } from '../../domain/event.ts';
import type { JobId } from '../../domain/ids.ts';
import { ContractOffer, contractIdOf } from '../../domain/mcp/contract.ts';
import { type Tag, toolTag } from '../../domain/mcp/names.ts';
import { mcpReleaseStream } from '../../domain/mcp/release.ts';
import {
  McpReleaseRolledBack,
  McpReleaseSwapped,
  McpUpdateApproved,
  type McpUpdateCompared,
  McpUpdateRequested,
} from '../../domain/mcp/release-events.ts';
import { McpReleasesWanted, McpUpdatesSet, type NamedServer } from '../../domain/mcp/server.ts';
import { ANNALS } from '../../domain/person.ts';
import { done, type Reaction, type Verdict, verdictOf } from '../reaction.ts';
import type { McpRegistry } from './registry.ts';
import type { Offers } from './update-parts.ts';

/** What an update has recorded. */
export interface UpdateRecord extends Offers {
  readonly settled: boolean;
  readonly renames: Readonly<Record<string, string>>;
}

/** Undefined where it did not come to a comparison, or that cannot be opened any more. */
export async function recordOf(
  { store, sealer }: { store: Pick<EventStore, 'read'>; sealer: Sealer },
  serverId: string,
  updateId: string,
): Promise<UpdateRecord | undefined> {
  let found: UpdateRecord | undefined;
  let renames: Record<string, string> = {};
  for await (const { id, type, data } of store.read(mcpReleaseStream(serverId))) {
    if (data.updateId !== updateId) continue;
    if (type === McpUpdateApproved.type) renames = data.renames as Record<string, string>;
    if (type !== 'McpUpdateCompared') continue;
    const { sealed, settled } = data as unknown as EventOf<typeof McpUpdateCompared>['data'];
    const opened = await sealer.open(sealed, id);
    if (isUnopened(opened)) return undefined;
    const { before, after } = opened as Record<string, unknown>;
    found = { before: ContractOffer.parse(before), after: ContractOffer.parse(after), settled, renames: {} };
  }
  return found && { ...found, renames };
}

export interface ReleaseReactionParts {
  readonly tell: Tell;
  readonly store: EventStore;
  readonly sealer: Sealer;
  readonly registry: McpRegistry;
  readonly tag: Tag;
  /** Takes its time, and nobody waits for it. */
  readonly lookUp: (server: NamedServer) => void;
}

/** What happens because of updates: work on them, and the contract that goes with the release that runs. */
export function releaseReactions(parts: ReleaseReactionParts): readonly Reaction[] {
  const { tell, registry, tag } = parts;
  const serverOf = ({ data, metadata }: RecordedEvent) => registry.find(String(data.serverId), metadata.subject);

  const work = async ({ id, data, metadata }: RecordedEvent): Promise<Verdict> => {
    const job = requestJob({ jobId: `job_${id}` as JobId, kind: 'update', person: ANNALS, about: String(data.serverId) });
    const told = await tell(annals(ANNALS), job, { correlationId: metadata.$correlationId });
    return told.ok ? done : verdictOf(told.error);
  };
  const goWith = async (event: RecordedEvent): Promise<Verdict> => {
    const server = await serverOf(event);
    const record = server && (await recordOf(parts, server.serverId, String(event.data.updateId)));
    if (!server || !record) return done;
    const isBack = event.type === McpReleaseRolledBack.type;
    const contract = contractOf(server, isBack ? record.before : record.after, !isBack || record.settled);
    // Where a connection to the other release has said something between the two, they are said again.
    for (const command of [...contract, ...contract, ...policiesOf(server, record, { isBack, tag })]) {
      const told = await tell(annals(server.owner), command);
      if (!told.ok && told.error.code !== 'ContractChanged') return verdictOf(told.error);
    }
    return done;
  };
  const look = async (event: RecordedEvent): Promise<Verdict> => {
    const server = await serverOf(event);
    if (server && !(event.type === McpUpdatesSet.type && event.data.updates !== 'compatible')) parts.lookUp(server);
    return done;
  };
  return [
    { name: 'mcp-updates', types: [McpUpdateRequested.type, McpUpdateApproved.type], from: 'start', handle: work },
    { name: 'mcp-releases', types: [McpReleaseSwapped.type, McpReleaseRolledBack.type], from: 'start', handle: goWith },
    { name: 'mcp-look-ups', types: [McpReleasesWanted.type, McpUpdatesSet.type], from: 'now', handle: look },
  ];
}

/** Before any connection says so, models are told of the tools that the release has. */
function contractOf(server: NamedServer, offer: ContractOffer, isTaken: boolean): CommandValue<unknown>[] {
  const { serverId, owner, version: registration } = server;
  const contractId = contractIdOf(server, owner);
  return [
    observeMcpContract({ ...offer, contractId, serverId, owner, registration }),
    ...(isTaken ? [takeMcpContract({ contractId, serverId, contractHash: offer.contractHash })] : []),
  ];
}

/** What was said for everybody of a tool goes over to the one that takes its place, and with an undo back. */
function policiesOf(
  { serverId, policies }: NamedServer,
  { renames }: UpdateRecord,
  { isBack, tag }: { isBack: boolean; tag: Tag },
): CommandValue<unknown>[] {
  const policyOf = (tool: string) => policies.get(toolTag(tag, serverId, tool));
  return Object.entries(renames).flatMap(([from, to]) => {
    const policy = policyOf(from);
    if (policy === undefined || (isBack ? policyOf(to) !== policy : policyOf(to) !== undefined)) return [];
    return [setMcpServerPolicy({ serverId, tool: to, policy: isBack ? null : policy })];
  });
}
