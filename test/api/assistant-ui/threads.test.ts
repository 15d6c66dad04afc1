import { AssistantCloud } from 'assistant-cloud';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { person } from '../../harness/memory-annals.ts';
import { type AuiServer, ada, type Person, startAui } from './aui-server.ts';

let server: AuiServer;
let me: Person;
beforeAll(async () => {
  server = await startAui();
  me = await server.as(ada);
});
afterAll(() => server.stop());

const stranger = (() => {
  let count = 0;
  return () => server.as(person(`fresh${count++}`));
})();
const ids = (called: { json: { threads: { id: string }[] } }) => called.json.threads.map(({ id }) => id);

test('assistant-cloud reads every thread, list and error that is answered here', async () => {
  const cloud = new AssistantCloud({ baseUrl: `${server.url}/aui`, authToken: async () => me.token });
  const { thread_id: id } = await cloud.threads.create({
    last_message_at: new Date('2026-03-01T00:00:00.000Z'),
    title: 'Mine',
    metadata: { tag: 'x' },
  });
  await cloud.threads.update(id, { title: 'Renamed', metadata: { tag: 'y' }, last_message_at: new Date('2026-04-01T00:00:00.000Z') });
  const thread = await cloud.threads.get(id);
  expect(thread).toMatchObject({
    id,
    title: 'Renamed',
    metadata: { tag: 'y', activeStreamId: null },
    is_archived: false,
    workspace_id: ada.id,
    last_message_at: new Date('2026-04-01T00:00:00.000Z'),
  });
  expect((await cloud.threads.list()).threads.map((one) => one.id)).toContain(id);
  await cloud.threads.delete(id);
  await expect(cloud.threads.get(id)).rejects.toMatchObject({ status: 404, code: 'NotFound' });
  expect((await cloud.threads.list()).threads.map((one) => one.id)).not.toContain(id);
});

test('every time is written as Date#toISOString writes it, and every key is there', async () => {
  const id = await me.thread();
  const { thread } = (await me.call('GET', `/aui/v1/threads/${id}`)).json;
  expect(Object.keys(thread).sort()).toEqual([
    'created_at',
    'external_id',
    'id',
    'is_archived',
    'last_message_at',
    'metadata',
    'project_id',
    'title',
    'updated_at',
    'workspace_id',
  ]);
  for (const key of ['created_at', 'updated_at', 'last_message_at']) expect(new Date(thread[key]).toISOString()).toBe(thread[key]);
});

test('pages of any size give each thread once, by last message and id, descending', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 9 }),
      fc.integer({ min: 1, max: 4 }),
      async (days, limit) => {
        const own = await stranger();
        const made = await Promise.all(
          days.map(async (day) => ({
            at: `2026-01-0${day + 1}T00:00:00.000Z`,
            id: await own.thread({ last_message_at: `2026-01-0${day + 1}T00:00:00.000Z` }),
          })),
        );
        const expected = made.toSorted((a, b) => (a.at === b.at ? (a.id < b.id ? 1 : -1) : a.at < b.at ? 1 : -1)).map(({ id }) => id);
        const listed: string[] = [];
        for (let after: string | undefined; ; after = listed.at(-1)) {
          const page = ids(await own.call('GET', `/aui/v1/threads?limit=${limit}${after ? `&after=${after}` : ''}`));
          listed.push(...page);
          if (page.length < limit) break;
        }
        expect(listed).toEqual(expected);
      },
    ),
    { numRuns: 15 },
  );
});

test('a cursor that is nobody’s or somebody else’s ends the list instead of starting it again', async () => {
  const other = await stranger();
  const foreign = await other.thread();
  await me.thread();
  for (const after of ['thread_unknown', foreign, 'x']) expect(ids(await me.call('GET', `/aui/v1/threads?after=${after}`))).toEqual([]);
});

test('what one has just written is in what one reads next', async () => {
  const own = await stranger();
  for (let round = 0; round < 10; round++) {
    const id = await own.thread();
    expect(ids(await own.call('GET', '/aui/v1/threads'))).toContain(id);
    await own.call('PUT', `/aui/v1/threads/${id}`, { title: `Round ${round}` });
    expect((await own.call('GET', `/aui/v1/threads/${id}`)).json.thread.title).toBe(`Round ${round}`);
    await own.call('PUT', `/aui/v1/threads/${id}`, { is_archived: true });
    expect(ids(await own.call('GET', '/aui/v1/threads'))).not.toContain(id);
    expect(ids(await own.call('GET', '/aui/v1/threads?is_archived=true'))).toContain(id);
    await own.call('DELETE', `/aui/v1/threads/${id}`);
    expect(ids(await own.call('GET', '/aui/v1/threads?is_archived=true'))).not.toContain(id);
  }
});

test('an external id names one thread, however many ask for it at once, and is free again once that is deleted', async () => {
  const own = await stranger();
  const ask = (upsert: boolean) =>
    own.call('POST', '/aui/v1/threads', { last_message_at: new Date().toISOString(), external_id: 'ticket-7', title: 'Seven', upsert });
  const answers = await Promise.all([ask(true), ask(true), ask(true), ask(true)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
  const [id] = new Set(answers.map(({ json }) => json.thread_id));
  expect(answers.every(({ json }) => json.thread_id === id)).toBe(true);
  expect((await ask(false)).status).toBe(409);
  expect(ids(await own.call('GET', '/aui/v1/threads?external_id=ticket-7'))).toEqual([id]);
  expect((await own.call('GET', `/aui/v1/threads/${id}`)).json.thread).toMatchObject({ title: 'Seven', external_id: 'ticket-7' });
  await own.call('DELETE', `/aui/v1/threads/${id}`);
  const again = await ask(true);
  expect(again.status).toBe(201);
  expect(again.json.thread_id).not.toBe(id);
});

test('the stream to resume is told with the thread and never stored with its metadata', async () => {
  const id = await me.thread({ metadata: { tag: 'x' } });
  const controller = new AbortController();
  const message = { id: 'c-active', role: 'user', parts: [{ type: 'text', text: '/long 3000\n/pace 20' }] };
  const response = await server.call('POST', '/aui/api/chat', {
    body: { id, messages: [message] },
    headers: { authorization: `Bearer ${me.token}` },
    signal: controller.signal,
  });
  const streamId = response.headers.get('x-resumable-stream-id');
  expect((await me.call('GET', `/aui/v1/threads/${id}`)).json.thread.metadata).toEqual({ tag: 'x', activeStreamId: streamId });
  await me.call('PUT', `/aui/v1/threads/${id}`, { metadata: { tag: 'y', activeStreamId: 'run_x.0' } });
  expect((await me.call('POST', `/aui/api/chat/${id}/stop`, {})).json.stopped).toBe(streamId?.split('.')[0]);
  await response.text();
  expect((await me.call('GET', `/aui/v1/threads/${id}`)).json.thread.metadata).toEqual({ tag: 'y', activeStreamId: null });
});

test('administrators see the threads of everybody, others do not', async () => {
  const id = await me.thread();
  expect((await me.call('GET', '/aui/v1/projects/threads')).status).toBe(403);
  const admin = await server.as({ ...person('root'), roles: ['administrator'] });
  expect(ids(await admin.call('GET', '/aui/v1/projects/threads?limit=100'))).toContain(id);
  await me.chat(id, [{ id: 'c-admin', role: 'user', parts: [{ type: 'text', text: '/echo seen' }] }]);
  const rows = (await admin.call('GET', `/aui/v1/projects/threads/${id}/messages`)).json.messages;
  expect(rows.map((row: { height: number }) => row.height)).toEqual([1, 0]);
  expect((await me.call('GET', `/aui/v1/projects/threads/${id}/messages`)).status).toBe(403);
});
