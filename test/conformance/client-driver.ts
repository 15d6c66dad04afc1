import { setTimeout as sleep } from 'node:timers/promises';
import { setMcpToolPolicy } from '../../src/commands/mcp.ts';
import type { Json, JsonObject } from '../../src/domain/event.ts';
import { mcpContractStream, mcpContracts } from '../../src/domain/mcp/contract.ts';
import { listMcpTools } from '../../src/projections/queries/mcp-tools.ts';
import { askFor, settled } from '../harness/chat.ts';
import { httpServer } from '../harness/mcp-servers.ts';
import { person, startAnnals } from '../harness/memory-annals.ts';

/** Registers the suite's server in an installation of its own, and has each of its tools called in a chat: so what is tried is the way everybody goes. */
const url = process.argv.at(-1) ?? '';
const ada = person('ada');
const WAIT_MS = 20_000;

const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}') as { toolCalls?: { name: string; arguments?: JsonObject }[] };

/** Something for each argument that a tool asks for. */
function example(schema: JsonObject): JsonObject {
  const properties = (schema.properties ?? {}) as Record<string, { type?: string; enum?: Json[]; default?: Json }>;
  const values: Record<string, Json> = { string: 'text', number: 5, integer: 5, boolean: true, array: [], object: {} };
  return Object.fromEntries(
    Object.entries(properties).map(([name, { type = 'string', enum: choices, default: usual }]) => [
      name,
      usual ?? choices?.[0] ?? values[type] ?? null,
    ]),
  );
}

const { kernel, stop, disk, problems } = await startAnnals();
try {
  const told = await kernel.tell(ada, httpServer('suite', url));
  if (!told.ok) throw new Error(told.error.message);
  const { serverId } = told.result;
  const known = async () => (await kernel.loader.load(mcpContractStream(serverId), mcpContracts)).state.contractHash !== undefined;
  const until = performance.now() + WAIT_MS;
  const failed = async () => (await kernel.toolServers.statuses([serverId])).some(({ state }) => ['needs_auth', 'backoff', 'failed'].includes(state));
  while (!(await known()) && !(await failed()) && performance.now() < until) await sleep(50);
  if (!(await known())) throw new Error(JSON.stringify(await kernel.toolServers.statuses([serverId])));
  await kernel.tell(ada, setMcpToolPolicy({ serverId, tool: null, policy: 'allow' }));
  const listed = await kernel.ask(ada, listMcpTools({}), { after: await disk.store.head() });
  for (const { tool, name, inputSchema } of listed.ok ? listed.data.tools : []) {
    await kernel.tell(ada, setMcpToolPolicy({ serverId, tool, policy: 'allow' }));
    const given = context.toolCalls?.filter((call) => call.name === tool).map((call) => call.arguments ?? {}) ?? [];
    for (const args of given.length > 0 ? given : [example(inputSchema)]) {
      const asked = await askFor(kernel, ada, `/call ${name} ${JSON.stringify(args)}`);
      await settled(kernel, asked);
    }
  }
} finally {
  await stop();
  if (problems.length > 0) process.stderr.write(`${problems.join('\n')}\n`);
}
process.exit(0);
