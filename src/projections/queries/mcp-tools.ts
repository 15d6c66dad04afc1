import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import type { JsonObject } from '../../domain/event.ts';
import { ConversationId } from '../../domain/ids.ts';
import { carriedOver, type McpChoices } from '../../domain/mcp/choice.ts';
import type { PinnedTool } from '../../domain/mcp/contract.ts';
import { toolTag } from '../../domain/mcp/names.ts';
import { standingTools } from '../../domain/mcp/offer.ts';
import { McpServerId } from '../../domain/mcp/server.ts';
import { suspicions } from '../../domain/mcp/suspicion.ts';
import { type QueryContext, query } from '../query.ts';
import { nameTools, toolNameFor } from '../tool-names.ts';
import { type ContractTool, type McpContractDoc, mcpContractList } from '../views/mcp-contracts.ts';
import { mcpReleaseList } from '../views/mcp-releases.ts';
import { mcpServers } from '../views/mcp-servers.ts';
import { getMcpServer } from './mcp.ts';
import { choicesOf, contractsOf, type NamedServerDoc, snapshotOf, usableServers } from './mcp-usable.ts';
import { anyPerson } from './policy.ts';

/** A tool as it stands for the principal at a place. */
export interface McpToolInfo {
  /** What a model calls it. */
  readonly name: string;
  readonly serverId: string;
  readonly server: string;
  readonly tool: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly inputSchema: JsonObject;
  readonly hints: PinnedTool['hints'];
  readonly policy: 'deny' | 'ask' | 'allow';
  readonly offered: boolean;
  /** Why not. */
  readonly withheld: 'gone' | 'quarantined' | 'denied' | 'disabled' | 'off' | 'collision' | 'broken' | null;
  readonly reason: string | null;
  /** What in its definition looks as if it were meant to mislead. */
  readonly warnings: readonly string[];
}

const pinnedOf = ({ pinned, trust, current, hints }: ContractTool): PinnedTool => ({
  pinned,
  trust,
  hints,
  ...(current === null ? {} : { current }),
});

async function toolsOf(
  context: QueryContext,
  { id: serverId, doc }: StoredDocument<NamedServerDoc>,
  contract: McpContractDoc,
  choices: McpChoices,
  place: { model?: string | undefined; conversation?: string | undefined },
  others: readonly string[],
): Promise<McpToolInfo[]> {
  const snapshot = await snapshotOf(context, contract.snapshot);
  const definitions = new Map(snapshot?.tools.map((tool) => [String(tool.name), tool as JsonObject]));
  const server = { serverId, enabled: doc.enabled, policies: new Map(doc.policies.map(({ tag, policy }) => [tag, policy])) };
  const { model, conversation } = place;
  const at = { ...(model === undefined ? {} : { model }), ...(conversation === undefined ? {} : { conversation }) };
  const standing = standingTools(server, new Map(contract.tools.map((tool) => [tool.tag, pinnedOf(tool)])), choices, at);
  const of = { serverId, server: doc.slug };
  const names = new Map([...definitions.keys()].map((name) => [toolTag(context.tag, serverId, name), name]));
  const good = standing
    .flatMap(({ tag, ...one }) => (one.withheld === 'gone' ? [] : [names.get(tag)].flatMap((tool) => (tool === undefined ? [] : [{ ...one, tool }]))))
    .toSorted((a, b) => (a.tool < b.tool ? -1 : 1))
    .map(({ tool, policy, hints, withheld }): McpToolInfo => {
      const { title, description, inputSchema } = definitions.get(tool) ?? {};
      const name = toolNameFor({ slug: doc.slug, serverId }, tool);
      const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
      const schema = (inputSchema ?? {}) as JsonObject;
      return {
        ...{ ...of, name, tool, policy, hints },
        title: text(title),
        description: text(description),
        inputSchema: schema,
        offered: withheld === undefined,
        withheld: withheld ?? null,
        reason: null,
        warnings: suspicions(definitions.get(tool) ?? {}, others),
      };
    });
  const bad = (snapshot?.broken ?? []).map(({ name: tool, reason }): McpToolInfo => {
    const name = toolNameFor({ slug: doc.slug, serverId }, tool);
    const none = { title: null, description: null, inputSchema: {}, hints: { readOnly: false, destructive: false, idempotent: false } };
    return { ...of, ...none, name, tool, policy: 'deny', offered: false, withheld: 'broken', reason, warnings: [] };
  });
  return [...good, ...bad];
}

/** Every tool of the principal's servers, those that are withheld with the reason; at a thread or for a model as it stands there. */
export const listMcpTools = query('listMcpTools', {
  input: z.object({ conversationId: ConversationId.optional(), model: z.string().max(200).optional(), serverId: McpServerId.optional() }),
  policy: anyPerson,
  views: [mcpServers, mcpContractList, mcpReleaseList],
  run: async ({ conversationId, model, serverId }, context) => {
    const [servers, choices] = await Promise.all([usableServers(context), choicesOf(context)]);
    const contracts = await contractsOf(context, servers);
    const releases = await context.views.getMany(
      mcpReleaseList,
      servers.map(({ id }) => id),
    );
    const renamedAt = (id: string) => (releases.get(id)?.doc.renamed ?? []).map(({ names }) => names);
    const place = { model, conversation: conversationId };
    const all = await Promise.all(
      servers.map(async (server) => {
        const contract = contracts.get(server.id);
        const others = servers.filter(({ id }) => id !== server.id).map(({ doc }) => doc.slug);
        return contract
          ? toolsOf(context, server, contract.doc, carriedOver(choices, server.id, renamedAt(server.id), context.tag), place, others)
          : [];
      }),
    );
    const tools = all.flat();
    const { collisions } = nameTools(tools.filter(({ offered }) => offered).map((tool) => ({ name: tool.name, tool })));
    const colliding = new Set(collisions.map(({ tool }) => tool));
    const shown = tools.map((tool): McpToolInfo => (colliding.has(tool) ? { ...tool, offered: false, withheld: 'collision' } : tool));
    return { tools: shown.filter((tool) => serverId === undefined || tool.serverId === serverId) };
  },
});

/** A tool whose definition has changed: what was taken, and what the server says now. */
export const getMcpToolChange = query('getMcpToolChange', {
  input: z.object({ serverId: McpServerId, tool: z.string().max(128) }),
  policy: anyPerson,
  views: [mcpServers, mcpContractList],
  run: async ({ serverId, tool: name }, context) => {
    const info = await getMcpServer.run({ serverId }, context);
    const contract = info?.contract ? await context.views.get(mcpContractList, info.contract.id) : undefined;
    const tagged = toolTag(context.tag, serverId, name);
    const tool = contract?.doc.tools.find((each) => each.tag === tagged);
    if (!contract || !tool || tool.current === null) return undefined;
    const taken = contract.doc.taken.find((each) => each.tag === tagged);
    const definitionIn = async (sealed: McpContractDoc['snapshot'] | undefined): Promise<JsonObject | null> => {
      const found = sealed && (await snapshotOf(context, sealed))?.tools.find((each) => each.name === name);
      return (found as JsonObject | undefined) ?? null;
    };
    const [before, now] = await Promise.all([definitionIn(taken?.snapshot), definitionIn(contract.doc.snapshot)]);
    const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(now ?? {})])].toSorted();
    const changed = tool.current === tool.pinned ? [] : fields.filter((field) => JSON.stringify(before?.[field]) !== JSON.stringify(now?.[field]));
    return { contractId: contract.id, hash: tool.current, pinned: tool.pinned, trust: tool.trust, before, now, changed };
  },
});
