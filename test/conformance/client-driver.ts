import { setTimeout as sleep } from 'node:timers/promises';
import { setMcpToolPolicy } from '../../src/commands/mcp.ts';
import { answerToolInput } from '../../src/commands/run.ts';
import type { Json, JsonObject } from '../../src/domain/event.ts';
import { contractIdOf, mcpContractStream, mcpContracts } from '../../src/domain/mcp/contract.ts';
import { listMcpTools } from '../../src/projections/queries/mcp-tools.ts';
import { listQuestions } from '../../src/projections/queries/questions.ts';
import { getRun } from '../../src/projections/queries/runs.ts';
import { askFor, settled } from '../harness/chat.ts';
import { httpServer } from '../harness/mcp-servers.ts';
import { person, startAnnals } from '../harness/memory-annals.ts';

/** Registers the suite's server in an installation of its own, and has each of its tools called in a chat: so what is tried is the way everybody goes. */
const url = process.argv.at(-1) ?? '';
const ada = person('ada');
const WAIT_MS = 8000;

const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}') as {
  toolCalls?: { name: string; arguments?: JsonObject }[];
  client_id?: string;
  client_secret?: string;
};
const wantsLogin = process.env.MCP_CONFORMANCE_SCENARIO?.startsWith('auth/') ?? false;
/** As the suite's metadata document says: nobody listens there, because the redirect is read and not followed. */
const BASE = 'https://conformance-test.local';
const MOST_LOGINS = 2;
const SHOWN_MS = 400;

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
let logins = 0;
/** Answers what the suite's tools ask with what they propose. */
async function answer(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const asked = await kernel.ask(ada, listQuestions({}));
    for (const { inputId, conversationId, runId, questions } of asked.ok ? asked.data.questions : []) {
      const messageId = (await kernel.ask(ada, getRun({ runId: runId as never }))) as { ok: boolean; data?: { messageId: string } };
      const answers = Object.fromEntries(
        questions.map((question) => {
          const fields = question.mode === 'form' ? question.fields : [];
          const usual = fields.map(({ name, type, options = [], default: proposed }) => {
            const first = options[0]?.value ?? 'text';
            const values: Record<string, Json> = { string: 'text', number: 5, integer: 5, boolean: true, choice: first, choices: [first] };
            return [name, proposed ?? values[type] ?? null] as const;
          });
          return [question.key, { action: 'accept' as const, ...(question.mode === 'form' ? { content: Object.fromEntries(usual) } : {}) }];
        }),
      );
      const target = { conversationId, runId, messageId: messageId.data?.messageId, inputId, answers };
      await kernel.tell(ada, answerToolInput(target as never));
    }
    await sleep(50);
  }
}
try {
  const { client_id: clientId, client_secret: clientSecret } = context;
  const client = clientId === undefined ? {} : { oauth: { clientId, scopes: [], ...(clientSecret === undefined ? {} : { clientSecret }) } };
  const told = await kernel.tell(ada, httpServer('suite', url, wantsLogin ? { auth: 'oauth', ...client } : {}));
  if (!told.ok) throw new Error(told.error.message);
  const { serverId } = told.result;
  const contract = mcpContractStream(contractIdOf({ serverId, auth: wantsLogin ? 'oauth' : 'none' }, ada.id));
  const known = async () => (await kernel.loader.load(contract, mcpContracts)).state.contractHash !== undefined;
  /** As a person does it in a browser. */
  const logIn = async (): Promise<void> => {
    const begun = await kernel.toolServers.logins.begin(ada, serverId, BASE);
    if (!begun.ok) throw new Error(begun.error.message);
    const redirect = await fetch(begun.location, { redirect: 'manual' });
    const answer = new URL(redirect.headers.get('location') ?? '', begun.location).searchParams;
    const [state, code, iss, error] = ['state', 'code', 'iss', 'error'].map((name) => answer.get(name) ?? undefined);
    const finished = await kernel.toolServers.logins.finish(ada, { state: state ?? '', code, iss, error });
    if (!finished.ok) throw new Error(finished.error.message);
  };
  if (wantsLogin) await logIn();
  const until = performance.now() + WAIT_MS;
  const failed = async () => (await kernel.toolServers.statuses([serverId])).some(({ state }) => ['needs_auth', 'backoff', 'failed'].includes(state));
  // What stands there of before the login says nothing of it.
  while (!(await known()) && (wantsLogin || !(await failed())) && performance.now() < until) await sleep(50);
  // A login may be no good any more before anything has come of it: the authorization server may have become another one.
  for (; wantsLogin && !(await known()) && logins < MOST_LOGINS; logins++) {
    await logIn();
    const again = performance.now() + WAIT_MS / 4;
    while (!(await known()) && performance.now() < again) await sleep(50);
  }
  if (!(await known())) throw new Error(JSON.stringify(await kernel.toolServers.statuses([serverId])));
  await kernel.tell(ada, setMcpToolPolicy({ serverId, tool: null, policy: 'allow' }));
  const listed = await kernel.ask(ada, listMcpTools({}), { after: await disk.store.head() });
  for (const { tool, name, inputSchema } of listed.ok ? listed.data.tools : []) {
    await kernel.tell(ada, setMcpToolPolicy({ serverId, tool, policy: 'allow' }));
    const given = context.toolCalls?.filter((call) => call.name === tool).map((call) => call.arguments ?? {}) ?? [];
    for (const args of given.length > 0 ? given : [example(inputSchema)]) {
      const asked = await askFor(kernel, ada, `/call ${name} ${JSON.stringify(args)}`);
      const answering = new AbortController();
      const questions = answer(answering.signal);
      await settled(kernel, asked);
      answering.abort();
      await questions;
      // More permissions than were given may be wanted: as often as a person would try. It takes a moment until it is shown.
      if (wantsLogin) await sleep(SHOWN_MS);
      const { state } = (await kernel.toolServers.statuses([serverId])).find(({ person: who }) => who === ada.id) ?? {};
      if (wantsLogin && state === 'needs_auth' && logins++ < MOST_LOGINS) {
        await logIn();
        await settled(kernel, await askFor(kernel, ada, `/call ${name} ${JSON.stringify(args)}`));
      }
    }
  }
} finally {
  await stop();
  if (problems.length > 0) process.stderr.write(`${problems.join('\n')}\n`);
}
process.exit(0);
