import canonicalize from 'canonicalize';
import type { Tell } from '../../commands/command.ts';
import { changeMcpServer, registerMcpServer, setMcpRequirements, setMcpUpdates } from '../../commands/mcp.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { ConfigEntry } from '../../domain/mcp/config.ts';
import type { NamedServer } from '../../domain/mcp/server.ts';
import { ORGANISATION } from '../../domain/provider-key.ts';
import type { McpRegistry } from './registry.ts';

type Entry = Extract<ConfigEntry, { ok: true }>;
type Given = Entry['given'];

/** Registers for everybody what an operator's file names, and changes what it says otherwise than before; what it does not name stays. */
export async function provideServers(
  { registry, tell, onProblem }: { registry: McpRegistry; tell: Tell; onProblem: (reason: string) => void },
  entries: readonly ConfigEntry[],
): Promise<void> {
  const known = new Map((await registry.serversFor(ORGANISATION)).map((server) => [server.slug, server]));
  for (const entry of entries) {
    const refused = entry.ok ? await provide({ registry, tell }, entry, known.get(entry.given.slug)) : entry.reason;
    if (refused !== undefined) onProblem(`the tool server ${entry.name} of the file was not registered: ${refused}`);
    if (entry.ok) for (const warning of entry.warnings) onProblem(`the tool server ${entry.name} of the file: ${warning}`);
  }
}

async function provide(
  { registry, tell }: { registry: McpRegistry; tell: Tell },
  { given, updates, requirements }: Entry,
  before: NamedServer | undefined,
): Promise<string | undefined> {
  const serverId = await registered({ registry, tell }, given, before);
  if (typeof serverId === 'object') return serverId.refused;
  if (updates !== undefined && updates !== before?.updates) await tell<unknown>(annals(ORGANISATION), setMcpUpdates({ serverId, updates }));
  if (requirements !== undefined && canonicalize(requirements) !== canonicalize((before && (await registry.needsOf(before))) ?? null))
    await tell<unknown>(annals(ORGANISATION), setMcpRequirements({ serverId, requirements }));
  return undefined;
}

async function registered(
  { registry, tell }: { registry: McpRegistry; tell: Tell },
  given: Given,
  before: NamedServer | undefined,
): Promise<string | { refused: string }> {
  if (before && (await isSame(registry, given, before))) return before.serverId;
  const command = before
    ? changeMcpServer({ ...given, audience: before.audience, serverId: before.serverId })
    : registerMcpServer({ ...given, audience: 'everybody', owner: 'organisation' });
  const told = await tell<unknown>(annals(ORGANISATION), command);
  if (!told.ok) return { refused: told.error.message };
  return before?.serverId ?? (told.result as { serverId: string }).serverId;
}

async function isSame(registry: McpRegistry, given: Given, server: NamedServer): Promise<boolean> {
  const opened = await registry.open(server);
  if (!opened) return false;
  const { address, headers, env, title, transport, enabled, timeoutMs, auth, oauth = null } = given;
  const wanted = { address, oauth, title, transport, enabled, timeoutMs, auth, ...('command' in address ? { env } : { headers }) };
  const { target, clientSecret, title: called } = opened;
  const there =
    target.kind === 'stdio'
      ? { address: { command: target.command, args: target.args, cwd: target.cwd ?? null }, env: target.env }
      : { address: { url: target.url }, headers: target.headers };
  const login = opened.oauth && { ...opened.oauth, ...(clientSecret === undefined ? {} : { clientSecret }) };
  const { transport: by, enabled: on, timeoutMs: within, auth: how } = server;
  return canonicalize(wanted) === canonicalize({ ...there, oauth: login, title: called, transport: by, enabled: on, timeoutMs: within, auth: how });
}
