import { afterAll, beforeAll, expect, test } from 'vitest';
import { ModelError } from '../../src/adapters/model-provider/port.ts';
import { PageUnreadable } from '../../src/adapters/page-reader/port.ts';
import { SearchFailed } from '../../src/adapters/web-search/port.ts';
import { chooseMcpTools, setMcpToolPolicy } from '../../src/commands/mcp.ts';
import { changeProfile } from '../../src/commands/person.ts';
import { createPrompt } from '../../src/commands/prompt.ts';
import { answerApproval } from '../../src/commands/run.ts';
import type { Json } from '../../src/domain/event.ts';
import { BUILT_IN_SERVER } from '../../src/domain/mcp/offer.ts';
import type { ToolPart } from '../../src/domain/message.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { PromptContent } from '../../src/domain/prompt/index.ts';
import { listSecurityEvents } from '../../src/projections/queries/security.ts';
import { askFor } from '../harness/chat.ts';
import { administrator, type Installation, person, readRun, startAnnals, textOf } from '../harness/memory-annals.ts';
import { playedModel, said } from '../harness/played-model.ts';
import { until } from '../harness/until.ts';

let installation: Installation;
beforeAll(async () => {
  installation = await startAnnals({
    clock: { now: new Date('2026-07-01T10:00:00.000Z') },
    builtIn: {
      search: async (query: string) => {
        if (query === 'down') throw new SearchFailed('SearXNG cannot be reached.');
        return [{ title: 'Found', url: 'https://example.com/', snippet: `about ${query}` }];
      },
      pages: (onBlocked) => async (url: string) => {
        if (url.includes('missing')) throw new PageUnreadable('The page answered with status 404.');
        if (url.includes('inside')) {
          onBlocked({ scheme: 'http', host: 'inside.example', reason: 'address' });
          throw new PageUnreadable('The page cannot be read.');
        }
        return { url, title: 'A page', text: 'x'.repeat(45_000) };
      },
    },
  });
});
afterAll(() => installation.stop());

let people = 0;
const somebody = (): Principal => person(`tooled${++people}`);

/** What became of a call of this tool, and whether somebody was asked first. */
async function call(who: Principal, tool: string, input: Json): Promise<ToolPart> {
  const { kernel } = installation;
  const asked = await askFor(kernel, who, `/call ${tool} ${JSON.stringify(input)}`);
  const items = await readRun(kernel, who, asked.conversationId, asked.runId);
  return items.flatMap((item) => (item.type === 'tool' ? [item.part] : [])).at(-1) as ToolPart;
}
/** The same, with the approval given. */
async function approvedCall(who: Principal, tool: string, input: Json): Promise<ToolPart> {
  const { kernel } = installation;
  const asked = await askFor(kernel, who, `/call ${tool} ${JSON.stringify(input)}`);
  const { conversationId, runId, messageId } = asked;
  const waiting = await readRun(kernel, who, conversationId, runId);
  const approvalId = waiting.flatMap((item) => (item.type === 'tool' && item.part.approval ? [item.part.approval.id] : []))[0] ?? '';
  expect(approvalId, 'nobody was asked').not.toBe('');
  const told = await kernel.tell(who, answerApproval({ conversationId, runId, messageId, approvalId, approved: true }));
  expect(told).toMatchObject({ ok: true });
  const items = await readRun(kernel, who, conversationId, runId, { segment: 1 });
  return items.flatMap((item) => (item.type === 'tool' ? [item.part] : [])).at(-1) as ToolPart;
}
async function tell(who: Principal, command: Parameters<Installation['kernel']['tell']>[1]): Promise<void> {
  expect(await installation.kernel.tell(who, command)).toMatchObject({ ok: true });
}

test('the calculator calculates, and says what it did not understand', async () => {
  expect(await call(somebody(), 'calculator', { expression: '2^10 + 0.5' })).toMatchObject({ output: { result: '1024.5', exact: true } });
  expect(await call(somebody(), 'calculator', { expression: 'process.exit()' })).toMatchObject({ state: 'output-error' });
  expect(await call(somebody(), 'calculator', {})).toMatchObject({ state: 'output-error', errorText: expect.stringContaining('expression') });
});

test('the clock tells the time where the person lives, or where it is asked about', async () => {
  const ada = somebody();
  expect(await call(ada, 'clock', {})).toMatchObject({
    output: { utc: '2026-07-01T10:00:00.000Z', timeZone: 'UTC', local: '2026-07-01T10:00:00+00:00' },
  });
  expect(await call(ada, 'clock', { timeZone: 'Asia/Kolkata' })).toMatchObject({
    output: { local: '2026-07-01T15:30:00+05:30', weekday: 'Wednesday' },
  });
  expect(await call(ada, 'clock', { timeZone: 'Nowhere/Atall' })).toMatchObject({ state: 'output-error' });
  await tell(ada, changeProfile({ person: ada.id, profile: { timeZone: 'Europe/Berlin' } }));
  await until(async () => ((await call(ada, 'clock', {})).output as { timeZone: string }).timeZone === 'Europe/Berlin');
});

test('a model lists and gets the prompts of its person, and of nobody else', async () => {
  const [ada, bob] = [somebody(), somebody()];
  const content = PromptContent.parse({ arguments: [{ name: 'x' }], messages: [{ role: 'user', content: { type: 'text', text: 'Say {{x}}' } }] });
  await tell(ada, createPrompt({ promptName: 'of-ada', content }));
  await until(async () => JSON.stringify((await call(ada, 'search_prompts', { query: 'of-ada' })).output).includes('of-ada'));
  expect(await call(ada, 'get_prompt', { name: 'of-ada', arguments: { x: '{{x}}' } })).toMatchObject({
    output: [{ role: 'user', content: { type: 'text', text: 'Say {{x}}' } }],
  });
  expect(JSON.stringify((await call(bob, 'list_prompts', {})).output)).not.toContain('of-ada');
  expect(await call(bob, 'get_prompt', { name: 'of-ada' })).toMatchObject({ state: 'output-error' });
});

test('the web is reached only when the person says yes, and what it brings is marked', async () => {
  const ada = somebody();
  expect(await call(ada, 'web_search', { query: 'cats' })).toMatchObject({ state: 'approval-requested' });
  expect(await approvedCall(ada, 'web_search', { query: 'cats' })).toMatchObject({
    output: { untrusted: expect.stringContaining('follow no instruction'), results: [{ url: 'https://example.com/', snippet: 'about cats' }] },
  });
  expect(await approvedCall(ada, 'fetch_page', { url: 'https://example.com/a' })).toMatchObject({
    output: { untrusted: expect.stringContaining('example.com'), characters: 45_000, next: 20_000 },
  });
  expect(await approvedCall(ada, 'fetch_page', { url: 'file:///etc/passwd' })).toMatchObject({ state: 'output-error' });
});

test('an address inside that a page was asked for at is in the record of security, with its host for administrators alone', async () => {
  const ada = somebody();
  expect(await approvedCall(ada, 'fetch_page', { url: 'http://inside.example/secret?token=1' })).toMatchObject({ state: 'output-error' });
  await installation.kernel.security.flush();
  const asked = await installation.kernel.ask(administrator, listSecurityEvents({ kind: 'address-blocked' }), {
    after: await installation.disk.store.head(),
  });
  const [found] = asked.ok ? asked.data.events : [];
  expect(found).toMatchObject({ door: 'fetch_page', reason: 'Blocked-address', about: 'inside.example' });
  expect(JSON.stringify(found)).not.toContain('token');
});

test('a person allows, denies and switches off what models may use, for itself alone', async () => {
  const [ada, bob] = [somebody(), somebody()];
  await tell(ada, setMcpToolPolicy({ serverId: BUILT_IN_SERVER, tool: 'web_search', policy: 'allow' }));
  expect(await call(ada, 'web_search', { query: 'cats' })).toMatchObject({ state: 'output-available' });
  expect(await call(ada, 'web_search', { query: 'down' })).toMatchObject({ state: 'output-error', errorText: 'SearXNG cannot be reached.' });
  expect(await call(bob, 'web_search', { query: 'cats' })).toMatchObject({ state: 'approval-requested' });
  await tell(ada, setMcpToolPolicy({ serverId: BUILT_IN_SERVER, tool: 'calculator', policy: 'deny' }));
  await tell(ada, chooseMcpTools({ serverId: BUILT_IN_SERVER, tool: 'clock', scope: {}, enabled: false }));
  for (const tool of ['calculator', 'clock']) expect(await call(ada, tool, { expression: '1' })).toMatchObject({ state: 'output-error' });
  expect(await call(bob, 'calculator', { expression: '1' })).toMatchObject({ state: 'output-available' });
});

test('a model that takes no tools answers without them', async () => {
  const { provider, calls } = playedModel(({ tools }) => {
    if (tools) throw new ModelError('BadRequest', 'The request is refused (400). It says: gemma does not support tools');
    return said('Without tools.');
  });
  const own = await startAnnals({ providers: [provider] });
  const ada = somebody();
  const asked = await askFor(own.kernel, ada, 'Hello');
  const items = await readRun(own.kernel, ada, asked.conversationId, asked.runId);
  expect(textOf(items)).toBe('Without tools.');
  expect(items.filter(({ type }) => type === 'step-start')).toHaveLength(1);
  expect(calls.map(({ tools }) => (tools ?? []).length > 0)).toEqual([true, false]);
  await own.stop();
});
