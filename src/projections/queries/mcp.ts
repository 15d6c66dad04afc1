import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { isUnopened } from '../../domain/event.ts';
import { toolTag } from '../../domain/mcp/names.ts';
import { McpAddress, type McpPolicy, McpServerId } from '../../domain/mcp/server.ts';
import { ORGANISATION } from '../../domain/provider-key.ts';
import { type QueryContext, query } from '../query.ts';
import { type McpContractDoc, mcpContractList } from '../views/mcp-contracts.ts';
import { mcpLogins } from '../views/mcp-logins.ts';
import { type McpServerDoc, mcpServers } from '../views/mcp-servers.ts';
import { type LoginInfo, loginsOf } from './mcp-logins.ts';
import { contractsOf, isAdministered, isUsable, slugIn, snapshotOf, usableServers } from './mcp-usable.ts';
import { administratorsOnly, anyPerson } from './policy.ts';

/** A server as whoever may use it sees it; where it is and whom it is for only its owner is told. */
export interface McpServerInfo {
  readonly id: string;
  readonly owner: 'self' | 'organisation';
  readonly number: number;
  readonly slug: string;
  readonly title: string;
  readonly transport: McpServerDoc['transport'];
  readonly enabled: boolean;
  readonly auth: 'none' | 'oauth';
  readonly timeoutMs: number | null;
  readonly version: number;
  readonly policies: readonly { readonly tool: string; readonly policy: McpPolicy }[];
  readonly createdAt: string;
  readonly changedAt: string;
  readonly administered?: {
    readonly address: z.output<typeof McpAddress> | null;
    readonly headerNames: readonly string[];
    readonly envNames: readonly string[];
    readonly oauth: { clientId: string | null; scopes: string[] } | null;
    readonly audience: McpServerDoc['audience'];
  };
  readonly contract: {
    readonly id: string;
    readonly hash: string;
    readonly era: 'legacy' | 'modern';
    readonly protocolVersion: string;
    readonly observedAt: string;
    readonly tools: number;
    readonly quarantined: readonly string[];
    /** It is another one than is gone by. */
    readonly changed: boolean;
  } | null;
  /** One's own, where each person logs in for itself. */
  readonly login?: LoginInfo;
}

const Personal = z.object({
  title: z.string(),
  address: McpAddress,
  headerNames: z.array(z.string()),
  envNames: z.array(z.string()),
  oauth: z.object({ clientId: z.string().nullable(), scopes: z.array(z.string()) }).nullable(),
});

async function shown(
  { id, doc }: StoredDocument<McpServerDoc>,
  contract: StoredDocument<McpContractDoc> | undefined,
  login: LoginInfo | undefined,
  context: QueryContext,
): Promise<McpServerInfo> {
  const { transport, enabled, auth, timeoutMs, version, createdAt, changedAt, number, audience } = doc;
  const { personal: opened, tools } = await context.openDeep({ personal: doc.personal, tools: doc.policies.map(({ tool }) => tool) });
  const policies = doc.policies.map(({ policy }, index) => ({ tool: toolIn(tools[index]), policy }));
  const personal = isUnopened(opened) ? undefined : Personal.parse(opened);
  const { address = null, headerNames = [], envNames = [], oauth = null } = personal ?? {};
  return {
    id,
    owner: doc.owner === ORGANISATION ? 'organisation' : 'self',
    ...{ number, slug: slugIn(doc, opened), transport, enabled, auth, timeoutMs, version, policies, createdAt, changedAt },
    title: personal?.title ?? String(opened),
    ...(isAdministered(doc, context.principal) ? { administered: { address, headerNames, envNames, oauth, audience } } : {}),
    contract: contract ? await contractInfo(contract, context) : null,
    ...(login ? { login } : {}),
  };
}

const Tool = z.object({ tool: z.string() });
const toolIn = (opened: unknown): string => (typeof opened === 'string' ? opened : Tool.parse(opened).tool);

async function contractInfo({ id, doc }: StoredDocument<McpContractDoc>, context: QueryContext) {
  const { contractHash: hash, era, protocolVersion, observedAt, tools, baseline, serverId } = doc;
  const quarantined = new Set(tools.filter(({ current, pinned }) => current !== null && current !== pinned).map(({ tag }) => tag));
  const snapshot = quarantined.size > 0 ? await snapshotOf(context, doc.snapshot) : undefined;
  const names = snapshot?.tools.map(({ name }) => String(name)) ?? [];
  return {
    ...{ id, hash, era, protocolVersion, observedAt },
    changed: baseline.contractHash !== hash,
    tools: tools.filter(({ current }) => current !== null).length,
    quarantined: names.filter((name) => quarantined.has(toolTag(context.tag, serverId, name))).toSorted(),
  };
}

/** `usable`: what the tools of the principal come from; `organisation`: what administrators look after. */
export const listMcpServers = query('listMcpServers', {
  input: z.object({ owner: z.enum(['usable', 'organisation']).default('usable') }),
  policy: (request) => (request.input.owner === 'organisation' ? administratorsOnly(request) : 'allow'),
  views: [mcpServers, mcpContractList, mcpLogins],
  run: async ({ owner }, context) => {
    const servers =
      owner === 'usable'
        ? await usableServers(context)
        : (await context.views.find(mcpServers, { owner: ORGANISATION }, { sort: [['number', 'asc']], limit: 100 })).documents;
    const [contracts, logins] = await Promise.all([contractsOf(context, servers), loginsOf(context, servers)]);
    return { servers: await Promise.all(servers.map((server) => shown(server, contracts.get(server.id), logins.get(server.id), context))) };
  },
});

export const getMcpServer = query('getMcpServer', {
  input: z.object({ serverId: McpServerId }),
  policy: anyPerson,
  views: [mcpServers, mcpContractList, mcpLogins],
  run: async ({ serverId }, context) => {
    const server = await context.views.get(mcpServers, serverId);
    if (!server || !(isUsable(server.doc, context.principal) || isAdministered(server.doc, context.principal))) return undefined;
    const [contracts, logins] = await Promise.all([contractsOf(context, [server]), loginsOf(context, [server])]);
    return shown(server, contracts.get(serverId), logins.get(serverId), context);
  },
});
