import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { refreshMcpServer, removeMcpServer, setMcpToolPolicy } from '../../src/commands/mcp.ts';
import type { Json, JsonObject } from '../../src/domain/event.ts';
import { mcpAccess, mcpAccessStream } from '../../src/domain/mcp/access.ts';
import { contractIdOf, mcpContractStream, mcpContracts } from '../../src/domain/mcp/contract.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { listMcpTools, type McpToolInfo } from '../../src/projections/queries/mcp-tools.ts';
import { askFor, settled } from '../harness/chat.ts';
import { httpServer } from '../harness/mcp-servers.ts';
import { type Installation, person, startAnnals } from '../harness/memory-annals.ts';
import { until } from '../harness/until.ts';
import { answering, logIn } from './as-person.ts';

/** What the suite tells its client of a scenario. */
export interface Scenario {
  readonly url: string;
  /** Its name; those that begin with `auth/` want a login. */
  readonly scenario: string;
  readonly context: {
    readonly toolCalls?: readonly { readonly name: string; readonly arguments?: JsonObject }[];
    readonly client_id?: string;
    readonly client_secret?: string;
  };
}

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

/** Registers the scenario's server for a person of its own, and has each of its tools called in a chat: what is tried is the way everybody goes. */
async function drive(installation: Installation, name: string, scenario: Scenario): Promise<void> {
  const who = person(name);
  const { client_id: clientId, client_secret: clientSecret } = scenario.context;
  const client = clientId === undefined ? {} : { oauth: { clientId, scopes: [], ...(clientSecret === undefined ? {} : { clientSecret }) } };
  const told = await installation.kernel.tell(who, httpServer('suite', scenario.url, wantsLogin(scenario) ? { auth: 'oauth', ...client } : {}));
  if (!told.ok) throw new Error(told.error.message);
  const { serverId } = told.result;
  try {
    await callAll(installation, who, serverId, scenario);
  } finally {
    // The suite's server ends when nobody is connected to it any more.
    await installation.kernel.tell(who, removeMcpServer({ serverId }));
  }
}

const wantsLogin = ({ scenario }: Scenario): boolean => scenario.startsWith('auth/');
/** As often as a person would try. */
const MOST_LOGINS = 3;

async function callAll(installation: Installation, who: Principal, serverId: string, scenario: Scenario): Promise<void> {
  const { kernel, disk } = installation;
  const { context } = scenario;
  const stream = mcpContractStream(contractIdOf({ serverId, auth: wantsLogin(scenario) ? 'oauth' : 'none' }, who.id));
  const known = async () => (await kernel.loader.load(stream, mcpContracts)).state.contractHash !== undefined;
  const isLoggedIn = async () => (await kernel.loader.load(mcpAccessStream(serverId, who.id), mcpAccess)).state.grant !== undefined;
  let logins = 0;
  /** Until the lists are known, or a login that was good is so no more. */
  const logInAgain = async (): Promise<void> => {
    while (wantsLogin(scenario) && !(await isLoggedIn()) && logins++ < MOST_LOGINS) {
      await logIn(installation, who, serverId);
      await until(async () => (await known()) || !(await isLoggedIn()));
    }
  };
  await logInAgain();
  const standing = async () => (await kernel.toolServers.statuses([serverId]))[0];
  const hasFailed = async (): Promise<boolean> => ['needs_auth', 'backoff', 'failed'].includes((await standing())?.state ?? '');
  for (let tries = 0; tries < 3 && !wantsLogin(scenario); tries++) {
    await until(async () => (await known()) || (await hasFailed()));
    // A suite that runs everything at once may be too busy to answer.
    if ((await standing())?.state !== 'backoff') break;
    await kernel.tell(who, refreshMcpServer({ serverId, requestId: `again-${tries}` }));
    await until(async () => (await known()) || !(await hasFailed()));
  }
  if (!(await known())) throw new Error(JSON.stringify(await standing()));
  await kernel.tell(who, setMcpToolPolicy({ serverId, tool: null, policy: 'allow' }));
  const listed = await kernel.ask(who, listMcpTools({}), { after: await disk.store.head() });
  const callsOf = async ({ tool, name: called, inputSchema }: McpToolInfo): Promise<void> => {
    await kernel.tell(who, setMcpToolPolicy({ serverId, tool, policy: 'allow' }));
    const given = context.toolCalls?.filter((call) => call.name === tool).map((call) => call.arguments ?? {}) ?? [];
    for (const args of given.length > 0 ? given : [example(inputSchema)]) {
      const call = async () => settled(kernel, await askFor(kernel, who, `/call ${called} ${JSON.stringify(args)}`));
      await call();
      for (; wantsLogin(scenario) && !(await isLoggedIn()) && logins < MOST_LOGINS; await call()) await logInAgain();
    }
  };
  const tools = listed.ok ? listed.data.tools : [];
  await answering(installation, who, () => Promise.all(tools.map(callsOf)));
}

export interface ConformanceClient {
  /** What the suite starts for each scenario: a program that only asks this installation to go through it. */
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** One installation that goes through all scenarios side by side. */
export async function startConformanceClient(): Promise<ConformanceClient> {
  const installation = await startAnnals();
  let driven = 0;
  const door = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () =>
        drive(installation, `conformant${++driven}`, JSON.parse(Buffer.concat(chunks).toString())).then(
          () => res.end(),
          (error: unknown) => res.writeHead(500).end(String(error)),
        ),
      );
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  return {
    command: `${process.execPath} ${fileURLToPath(new URL('./ask-client.js', import.meta.url))}`,
    environment: { CONFORMANCE_DOOR: `http://127.0.0.1:${(door.address() as AddressInfo).port}` },
    async close() {
      door.closeAllConnections();
      door.close();
      await installation.stop();
    },
  };
}
