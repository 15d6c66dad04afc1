import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { createGuardedFetch } from '../../../src/adapters/guarded-fetch/index.ts';
import { createMcpConnector } from '../../../src/adapters/mcp/connector.ts';
import { setMcpToolPolicy } from '../../../src/commands/mcp.ts';
import { rankTools } from '../../../src/domain/tool-search.ts';
import { askFor, settled } from '../../harness/chat.ts';
import { httpServer, listed } from '../../harness/mcp-servers.ts';
import { type Installation, person, startAnnals } from '../../harness/memory-annals.ts';
import { called, type PlayedModel, playedModel, said } from '../../harness/played-model.ts';
import { type RawMcp, startRawMcp, tool } from '../../harness/raw-mcp.ts';

const ada = person('ada');
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const words = ['read', 'write', 'invoice', 'calendar', 'weather', 'picture', 'mail', 'table'];
const tools = words.map((word) => tool(`${word}_things`, { description: `Has to do with one ${word}. ${'And so on. '.repeat(20)}` }));
async function story(
  searchTokens: number,
  play: Parameters<typeof playedModel>[0],
): Promise<{ installation: Installation; model: PlayedModel; server: RawMcp }> {
  const model = playedModel(play);
  const mcp = {
    connector: () => createMcpConnector({ fetch: createGuardedFetch({ allow: ['*'] }).fetch, version: 'test' }),
    searchTokens,
  };
  const installation = await startAnnals({ providers: [model.provider], mcp });
  closing.push(() => installation.stop());
  const server = await startRawMcp(({ method }) => {
    if (method === 'tools/list') return { result: { tools } };
    return method === 'tools/call' ? { result: { content: [{ type: 'text', text: 'fine' }] } } : undefined;
  });
  closing.push(() => server.close());
  const told = await installation.kernel.tell(ada, httpServer('desk', server.url));
  if (!told.ok) throw new Error(told.error.message);
  await listed(installation, told.result.serverId);
  for (const { name } of tools)
    await installation.kernel.tell(ada, setMcpToolPolicy({ serverId: told.result.serverId, tool: name, policy: 'allow' }));
  return { installation, model, server };
}
const offered = ({ calls }: PlayedModel, call: number): readonly string[] =>
  (calls[call]?.tools ?? []).map(({ name }) => name).filter((name) => name === 'tool_search' || name.startsWith('desk__'));

test('where definitions cost too much a model looks for tools, and can call what it has found from the next step on, in that answer', async () => {
  const { installation, model, server } = await story(100, (_request, call) => {
    if (call === 1) return called({ id: 'c1', name: 'tool_search', input: { query: 'make an Invoice', limit: 2 } });
    if (call === 2) return called({ id: 'c2', name: 'desk__invoice_things' }, { id: 'c3', name: 'desk__weather_things' });
    return said('Done.');
  });
  const { kernel } = installation;
  expect(await settled(kernel, await askFor(kernel, ada, 'Bill them'))).toBe('completed');
  expect(offered(model, 0)).toEqual(['tool_search']);
  expect(offered(model, 1)).toEqual(['tool_search', 'desk__invoice_things']);
  expect(server.asked.filter(({ method }) => method === 'tools/call').map(({ params }) => params.name)).toEqual(['invoice_things']);
  const results = JSON.stringify(model.calls[2]?.messages.filter(({ role }) => role === 'tool'));
  expect(results).toContain('There is no tool desk__weather_things');
  await settled(kernel, await askFor(kernel, ada, 'And now?'));
  expect(offered(model, 3)).toEqual(['tool_search']);
});

test('tools that cost little are offered as they are', async () => {
  const { installation, model } = await story(100_000, () => said('Well.'));
  await settled(installation.kernel, await askFor(installation.kernel, ada, 'Hello'));
  expect(offered(model, 0)).toEqual(tools.map(({ name }) => `desk__${name}`).toSorted());
});

test('whatever is looked for, what is found shares a word with it, no more than asked for, and the same in any order of the tools', () => {
  const described = fc.array(
    fc.record({
      name: fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('_')),
      description: fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((parts) => parts.join(' ')),
      parameters: fc.constant({ type: 'object' }),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(
      described,
      fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 5 }),
      (all, query, limit) => {
        const unique = [...new Map(all.map((one) => [one.name, one])).values()];
        const found = rankTools(unique, query.join(' '), limit);
        expect(found.length).toBeLessThanOrEqual(limit);
        for (const { name, description } of found) expect(query.some((word) => `${name} ${description}`.includes(word))).toBe(true);
        const fitting = unique.filter(({ name, description }) => query.some((word) => `${name} ${description}`.includes(word)));
        expect(found.length).toBe(Math.min(limit, fitting.length));
        expect(rankTools(unique.toReversed(), query.join(' '), limit)).toEqual(found);
      },
    ),
  );
});

test('a tool whose name says it comes before one that only mentions it', () => {
  const named = { name: 'github__createIssue', description: 'Opens one.', parameters: {} };
  const mentioned = { name: 'files__read', description: 'Reads a file, for example of an issue.', parameters: {} };
  expect(rankTools([mentioned, named], 'create issues', 5)).toEqual([named, mentioned]);
});
