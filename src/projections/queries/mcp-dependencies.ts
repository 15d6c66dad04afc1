import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { npmPackageOf } from '../../domain/mcp/package.ts';
import { McpAddress } from '../../domain/mcp/server.ts';
import { readContract } from '../../domain/mcp-contract/contract.ts';
import type { Installed } from '../../domain/mcp-plan/findings.ts';
import { dependenciesOf } from '../../domain/mcp-plan/plan.ts';
import { Requirements } from '../../domain/mcp-plan/requirements.ts';
import type { PlanStep } from '../../domain/mcp-plan/steps.ts';
import { surroundings, versionRules } from '../mcp-surroundings.ts';
import { type QueryContext, query } from '../query.ts';
import { type McpContractDoc, mcpContractList } from '../views/mcp-contracts.ts';
import { type McpReleaseDoc, mcpReleaseList } from '../views/mcp-releases.ts';
import { mcpServers } from '../views/mcp-servers.ts';
import { contractsOf, isAdministered, type NamedServerDoc, snapshotOf, usableServers } from './mcp-usable.ts';
import { usageOf, usageViews } from './mcp-usage.ts';
import { anyPerson } from './policy.ts';

const Opened = z.object({
  personal: z.object({ address: McpAddress }).optional().catch(undefined),
  requirements: z.object({ requirements: Requirements.nullable() }).nullable().catch(null),
});

/** Where a server is from is its owner's to know: to all others each is its own. */
async function installedOf(
  context: QueryContext,
  { id, doc }: StoredDocument<NamedServerDoc>,
  contract: StoredDocument<McpContractDoc> | undefined,
  release: McpReleaseDoc | undefined,
): Promise<Installed> {
  const { personal, requirements } = Opened.parse(await context.openDeep({ personal: doc.personal, requirements: doc.requirements }));
  const snapshot = contract && (await snapshotOf(context, contract.doc.snapshot));
  const npm = personal && npmPackageOf(personal.address);
  const address = personal && ('url' in personal.address ? personal.address.url : [personal.address.command, ...personal.address.args].join(' '));
  return {
    server: doc.slug,
    version: release?.running ?? release?.registered ?? npm?.wanted ?? (snapshot?.serverVersion || '0.0.0'),
    needs: requirements?.requirements ?? Requirements.parse({}),
    source: isAdministered(doc, context.principal) && address !== undefined ? (npm ? `npm:${npm.name}` : address) : id,
    ...(snapshot && contract ? { contract: readContract(snapshot, contract.doc.protocolVersion) } : {}),
  };
}

/** How the servers of the principal depend on each other, what does not fit and what can be done, and a plan in which everything does. */
export const getMcpDependencies = query('getMcpDependencies', {
  input: z.object({}),
  policy: anyPerson,
  views: [mcpServers, mcpContractList, mcpReleaseList, ...usageViews],
  run: async (_input, context) => {
    const servers = await usableServers(context);
    const contracts = await contractsOf(context, servers);
    const releases = await context.views.getMany(
      mcpReleaseList,
      servers.map(({ id }) => id),
    );
    const opened = (isOn: boolean) => {
      const those = servers.filter(({ doc }) => doc.enabled === isOn);
      return Promise.all(those.map((server) => installedOf(context, server, contracts.get(server.id), releases.get(server.id)?.doc)));
    };
    const [installed, off] = await Promise.all([opened(true), opened(false)]);
    const versions = new Map(servers.map(({ id, doc }) => [doc.slug, releases.get(id)?.doc.versions ?? []]));
    const nodes = servers.map(({ id, doc }) => {
      const there = installed.find(({ server }) => server === doc.slug);
      const { version = null, contract } = there ?? {};
      return { server: doc.slug, serverId: id, version, enabled: doc.enabled, tools: contract?.tools.length ?? null };
    });
    const idOf = new Map(servers.map(({ id, doc }) => [doc.slug, id]));
    const { plan, ...rest } = dependenciesOf(installed, versions, surroundings, versionRules, off);
    const named = (steps: readonly PlanStep[]) => steps.map((step) => ({ ...step, serverId: idOf.get(step.server) ?? '' }));
    const ways = plan.ok ? { ...plan, steps: named(plan.steps) } : { ...plan, instead: plan.instead && named(plan.instead) };
    const toolsOf = (slug: string) => [...installed, ...off].find(({ server }) => server === slug)?.contract?.tools.map(({ name }) => name) ?? [];
    return { nodes, ...rest, plan: ways, ...(await usageOf(context, servers, toolsOf)) };
  },
});
