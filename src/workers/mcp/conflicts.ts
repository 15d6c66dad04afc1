import type { ContractOffer } from '../../domain/mcp/contract.ts';
import { contractIdOf } from '../../domain/mcp/contract.ts';
import type { NamedServer } from '../../domain/mcp/server.ts';
import { readContract } from '../../domain/mcp-contract/contract.ts';
import { findConflicts, type Installed } from '../../domain/mcp-plan/findings.ts';
import { byOneName } from '../../domain/mcp-plan/plan.ts';
import { Requirements } from '../../domain/mcp-plan/requirements.ts';
import { surroundings, versionRules } from '../../projections/mcp-surroundings.ts';
import type { Contracts } from './contracts.ts';
import type { McpRegistry } from './registry.ts';
import { packageOf, type Releases } from './releases.ts';

/** What another version of a server would do to the others of its owner. */
export interface Conflicts {
  /** In words, those that there are not now. `offer`: what the version was seen to offer, where it was started already. */
  newWith(server: NamedServer, version: string, offer?: ContractOffer): Promise<readonly string[]>;
}

export function createConflicts(parts: { registry: McpRegistry; contracts: Contracts; releases: Releases }): Conflicts {
  const { registry, contracts, releases } = parts;
  const installedOf = async (server: NamedServer): Promise<Installed> => {
    const [opened, needs, contract, state] = await Promise.all([
      registry.open(server),
      registry.needsOf(server),
      registry.contractOf(server, server.owner),
      releases.load(server.serverId),
    ]);
    const offer = await contracts.offerAt(contractIdOf(server, server.owner), contract.place);
    const npm = opened && packageOf(opened.target);
    return {
      server: server.slug,
      version: state.running?.version ?? state.registered ?? offer?.snapshot.serverVersion ?? '0.0.0',
      needs: needs ?? Requirements.parse({}),
      source: npm ? `npm:${npm.name}` : server.serverId,
      ...(offer ? { contract: readContract(offer.snapshot, offer.protocolVersion) } : {}),
    };
  };

  return {
    async newWith({ slug, owner }, version, offer) {
      const on = (await registry.serversFor(owner)).filter(({ enabled, owner: whose }) => enabled && whose === owner);
      const all = byOneName(await Promise.all(on.map(installedOf)));
      const found = (installed: readonly Installed[]) => findConflicts(installed, surroundings, versionRules.satisfies);
      const contract = offer && readContract(offer.snapshot, offer.protocolVersion);
      const then = all.map((each) => (each.server === slug ? { ...each, version, ...(contract ? { contract } : {}) } : each));
      const known = new Set(found(all).map(({ kind, server, other }) => `${kind} ${server} ${other}`));
      return found(then).flatMap(({ kind, server, other, what, remedy }) => (known.has(`${kind} ${server} ${other}`) ? [] : [`${what} ${remedy}`]));
    },
  };
}
