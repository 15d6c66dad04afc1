import { expect, test } from 'vitest';
import { createMemoryDocumentStore } from '../../../src/adapters/document-store/memory.ts';
import { createMemoryEventStore } from '../../../src/adapters/event-store/memory.ts';
import { type EventStore, START } from '../../../src/adapters/event-store/port.ts';
import { upcasting } from '../../../src/adapters/event-store/upcast.ts';
import { setMcpServerPolicy, setMcpToolPolicy } from '../../../src/commands/mcp.ts';
import { tagger } from '../../../src/commands/tagger.ts';
import type { JsonObject, RecordedEvent } from '../../../src/domain/event.ts';
import { upcasters } from '../../../src/domain/upcasters.ts';
import { getMcpServer } from '../../../src/projections/queries/mcp.ts';
import { listMcpTools } from '../../../src/projections/queries/mcp-tools.ts';
import { publicEventTypes } from '../../../src/workers/gateway/public-events.ts';
import { askFor, settled } from '../../harness/chat.ts';
import { installations } from '../../harness/installations.ts';
import { httpServer, listed } from '../../harness/mcp-servers.ts';
import { administrator, type Installation, person } from '../../harness/memory-annals.ts';
import { called, playedModel, said } from '../../harness/played-model.ts';
import { startRawMcp, tool } from '../../harness/raw-mcp.ts';

const start = installations();
const ada = person('ada');
const slug = 'my-divorce-notes';
const name = `${slug}__read-letters`;

async function allEvents(store: EventStore): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  for await (const { events, caughtUp } of store.tail(START, { signal: AbortSignal.timeout(10_000) })) {
    found.push(...events);
    if (caughtUp) break;
  }
  return found;
}
const letters = () =>
  startRawMcp(({ method }) => {
    if (method === 'tools/list') return { result: { tools: [tool('read-letters')] } };
    return method === 'tools/call' ? { result: { content: [{ type: 'text', text: 'done' }] } } : undefined;
  });
/** One server of Ada's own, and one of everybody, whose tools she lets be called. */
async function furnished({ kernel }: Installation, url: string): Promise<string> {
  const own = await kernel.tell(ada, httpServer(slug, url));
  const shared = await kernel.tell(administrator, httpServer('shared', url, { owner: 'organisation' }));
  if (!own.ok || !shared.ok) throw new Error('not registered');
  for (const { serverId } of [own.result, shared.result]) {
    await listed({ kernel }, serverId);
    await kernel.tell(ada, setMcpToolPolicy({ serverId, tool: 'read-letters', policy: 'allow' }));
  }
  await kernel.tell(ada, setMcpServerPolicy({ serverId: own.result.serverId, tool: 'read-letters', policy: 'allow' }));
  return own.result.serverId;
}
/** A model that asks for these tools, once, by ids that are made of their names, as those of some providers are. */
const asking = (...names: readonly string[]) =>
  playedModel((_, call) => (call === 1 ? called(...names.map((each, index) => ({ id: `functions.${each}:${index}`, name: each }))) : said('Done.')));
const shown = async ({ kernel, disk }: Installation, serverId: string) => {
  const after = await disk.store.head();
  const [server, tools] = [
    await kernel.ask(ada, getMcpServer({ serverId }), { after }),
    await kernel.ask(ada, listMcpTools({ serverId }), { after }),
  ];
  if (!server.ok || !tools.ok) throw new Error('not shown');
  return { slug: server.data.slug, policies: server.data.policies, tools: tools.data.tools.map((each) => [each.name, each.policy]) };
};

test('what somebody calls a server of their own, and what its tools are called, stands nowhere in the clear, whatever a model makes of it', async () => {
  const server = await letters();
  const played = asking(name, 'shared__read-letters', `${slug}__gone`);
  const installation = await start({ providers: [played.provider] });
  const serverId = await furnished(installation, server.url);
  expect(await settled(installation.kernel, await askFor(installation.kernel, ada, 'Read them.'))).toBe('completed');
  const results = played.calls[1]?.messages.flatMap((message) => (message.role === 'tool' ? [[message.toolName, message.isError ?? false]] : []));
  expect(results).toEqual([
    [name, false],
    ['shared__read-letters', false],
    [`${slug}__gone`, true],
  ]);
  expect(await shown(installation, serverId)).toEqual({ slug, policies: [{ tool: 'read-letters', policy: 'allow' }], tools: [[name, 'allow']] });

  const events = await allEvents(installation.disk.store);
  for (const { type, data } of events) expect(JSON.stringify(data), type).not.toMatch(/divorce|gone/);
  const leaves = events.flatMap((event) =>
    publicEventTypes.filter(({ type }) => type === event.type).map(({ of }) => JSON.stringify(of(event, () => 'x'))),
  );
  expect(leaves.filter((each) => each.includes('letters')).every((each) => each.includes('shared__read-letters'))).toBe(true);
  expect(leaves.filter((each) => each.includes('shared__read-letters')).length).toBe(2);
  for (const collection of await installation.disk.documents.collections()) {
    const { documents } = await installation.disk.documents.find(collection, {}, { limit: 1000 });
    expect(JSON.stringify(documents), collection).not.toMatch(/divorce|gone/);
  }
  expect((await installation.kernel.metrics()).text).not.toMatch(/divorce/);
  expect(installation.problems).toEqual([]);
  await server.close();
});

/** As version 1 had it. */
function before({ type, data }: RecordedEvent): { version: 1; data: JsonObject } | undefined {
  const { slugTag: _, toolTag: __, pins, ...rest } = data;
  if (type === 'McpServerRegistered') return { version: 1, data: { ...rest, slug } };
  if (type === 'McpContractObserved')
    return {
      version: 1,
      data: { ...rest, tools: (pins as JsonObject[]).map(({ tag: ___, ...pin }) => ({ ...pin, name: 'read-letters' })), prompts: [], templates: [] },
    };
  const { sealed: ____, ...plain } = rest;
  if (type === 'McpServerPolicySet' || type === 'McpToolPolicySet') return { version: 1, data: { ...plain, tool: 'read-letters' } };
  return undefined;
}

test('a log of before goes on as if it had always been so', async () => {
  const server = await letters();
  const first = await start({});
  const own = await first.kernel.tell(ada, httpServer(slug, server.url));
  const serverId = own.ok ? own.result.serverId : '';
  await listed(first, serverId);
  await first.kernel.tell(ada, setMcpServerPolicy({ serverId, tool: 'read-letters', policy: 'allow' }));
  await first.kernel.tell(ada, setMcpToolPolicy({ serverId, tool: 'read-letters', policy: 'allow' }));
  await first.stop();

  const old = createMemoryEventStore();
  for (const event of await allEvents(first.disk.store)) {
    const { id, type, version, data, metadata, stream, revision } = { ...event, ...before(event) };
    await old.append(stream, [{ id, type, version, data, metadata }], revision === 0n ? 'noStream' : revision - 1n);
  }
  const store = upcasting(old, upcasters, tagger(first.disk.secret));
  const played = asking(name);
  const disk = { ...first.disk, store, documents: createMemoryDocumentStore(), state: createMemoryDocumentStore() };
  const installation = await start({ disk, providers: [played.provider] });
  expect(await shown(installation, serverId)).toEqual({ slug, policies: [{ tool: 'read-letters', policy: 'allow' }], tools: [[name, 'allow']] });
  expect(await installation.kernel.tell(ada, httpServer(slug, server.url))).toMatchObject({ error: { code: 'SlugTaken' } });
  expect(await settled(installation.kernel, await askFor(installation.kernel, ada, 'Read them.'))).toBe('completed');
  expect(played.calls[1]?.messages.at(-1)).toMatchObject({ role: 'tool', toolName: name });
  expect(played.calls[1]?.messages.at(-1)).not.toMatchObject({ isError: true });
  await server.close();
});
