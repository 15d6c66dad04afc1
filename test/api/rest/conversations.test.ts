import { afterAll, beforeAll, expect, test } from 'vitest';
import { leafOf } from '../../../src/adapters/event-store/leaf.ts';
import * as schemas from '../../../src/api/rest/schemas.ts';
import type { ConversationInfo } from '../../../src/projections/queries/conversations.ts';
import type { EventInfo } from '../../../src/projections/queries/events.ts';
import type { MessageInfo } from '../../../src/projections/queries/messages.ts';
import { person } from '../../harness/memory-annals.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

interface Sent {
  messageId: string;
  runId: string;
  replyId: string;
}
const get = async <Body>(path: string, headers?: Record<string, string>): Promise<Body> =>
  (await (await server.call('GET', path, headers ? { headers } : {})).json()) as Body;
const post = async <Body>(path: string, body: object = {}, status = 201): Promise<Body> => {
  const answer = await server.call('POST', path, { body });
  expect(answer.status, await answer.clone().text()).toBe(status);
  return (await answer.json()) as Body;
};
const start = async (body: object = {}): Promise<string> => (await post<{ conversationId: string }>('/api/conversations', body)).conversationId;
const text = (words: string) => [{ type: 'text', text: words }];
const items = async (path: string) =>
  (await (await server.call('GET', path)).text())
    .split('\n\n')
    .filter(Boolean)
    .map((frame) => schemas.RunItemSchema.parse(JSON.parse(frame.replace(/^data: /, ''))));
const say = async (id: string, words: string, more: object = {}): Promise<Sent> => {
  const sent = await post<Sent>(`/api/conversations/${id}/messages`, { parts: text(words), ...more });
  await items(`/api/conversations/${id}/runs/${sent.runId}/stream`);
  return sent;
};

test('a conversation goes from the list to the archive, to the trash, back, and away for good', async () => {
  const id = await start({ title: 'Plans', metadata: { colour: 'red' }, externalId: 'mine-1' });
  const path = `/api/conversations/${id}`;
  const where = async () =>
    (
      await Promise.all(
        ['active', 'archived', 'trashed'].map((state) => get<{ conversations: ConversationInfo[] }>(`/api/conversations?state=${state}`)),
      )
    ).map(({ conversations }) => conversations.some((each) => each.id === id));
  expect(await get(path)).toMatchObject({ id, title: 'Plans', metadata: { colour: 'red' }, externalId: 'mine-1', state: 'active' });
  expect(await where()).toEqual([true, false, false]);
  expect((await get<{ conversations: unknown[] }>('/api/conversations?externalId=mine-1')).conversations).toHaveLength(1);
  await post(`${path}/archive`, {}, 200);
  expect(await where()).toEqual([false, true, false]);
  await post(`${path}/unarchive`, {}, 200);
  expect((await server.call('DELETE', path)).status).toBe(200);
  expect(await where()).toEqual([false, false, true]);
  expect((await server.call('POST', `${path}/messages`, { body: { parts: text('hi') } })).status).toBe(409);
  await post(`${path}/restore`, {}, 200);
  expect(await where()).toEqual([true, false, false]);
  await server.call('PUT', `${path}/metadata`, { body: { metadata: null } });
  expect(await get(path)).toMatchObject({ metadata: null, title: 'Plans' });
  expect((await server.call('DELETE', `${path}?forever=true`)).status).toBe(200);
  expect(await where()).toEqual([false, false, false]);
  expect((await server.call('GET', path)).status).toBe(404);
  expect((await server.call('GET', `${path}/messages`)).status).toBe(404);
});

test('pages of a list follow each other without a gap', async () => {
  const { token } = await server.tokens.access(person('lister'));
  const made: string[] = [];
  for (let count = 0; count < 7; count++)
    made.push(
      ((await (await server.call('POST', '/api/conversations', { body: {}, headers: bearer(token) })).json()) as { conversationId: string })
        .conversationId,
    );
  const seen: string[] = [];
  let cursor = '';
  do {
    const page = schemas.ConversationPage.parse(await get(`/api/conversations?limit=3${cursor && `&cursor=${cursor}`}`, bearer(token)));
    seen.push(...page.conversations.map(({ id }) => id));
    cursor = page.next ?? '';
  } while (cursor);
  expect([...seen].sort()).toEqual([...made].sort());
  expect((await server.call('GET', '/api/conversations?cursor=made-up')).status).toBe(400);
  for (const limit of ['0', '101', 'x', '1.5']) expect((await server.call('GET', `/api/conversations?limit=${limit}`)).status).toBe(400);
});

test('a message is answered, edited and answered again; each branch knows the others', async () => {
  const id = await start();
  const path = `/api/conversations/${id}`;
  const first = await say(id, '/echo one');
  const edited = await say(id, '/echo two', { parentId: null });
  const again = await post<Sent>(`${path}/messages/${edited.messageId}/reply`);
  await items(`${path}/runs/${again.runId}/stream`);
  const { messages } = schemas.MessagePage.parse(await get(`${path}/messages`)) as unknown as { messages: MessageInfo[] };
  const byId = new Map(messages.map((message) => [message.id, message]));
  expect(byId.get(first.replyId)).toMatchObject({
    parts: text('one'),
    status: 'completed',
    role: 'assistant',
    parentId: first.messageId,
    branch: { shown: false, siblings: [first.replyId] },
  });
  expect(byId.get(edited.messageId)?.branch).toEqual({ shown: true, siblings: [first.messageId, edited.messageId] });
  expect(byId.get(again.replyId)?.branch).toEqual({ shown: true, siblings: [edited.replyId, again.replyId] });
  expect(byId.get(again.replyId)?.usage?.outputTokens).toBeGreaterThan(0);
  expect(messages.map(({ height }) => height)).toEqual([1, 1, 1, 0, 0]);
  await server.call('PUT', `${path}/branch`, { body: { messageId: first.replyId } });
  expect(schemas.Message.parse(await get(`${path}/messages/${first.replyId}`)).branch.shown).toBe(true);
  expect((await server.call('PUT', `${path}/messages/${first.replyId}/feedback`, { body: { rating: 'positive', comment: 'good' } })).status).toBe(
    200,
  );
  expect(await get(`${path}/messages/${first.replyId}`)).toMatchObject({ feedback: { rating: 'positive', comment: 'good' } });
});

test('the client’s own id of a message is its name, and sending it again tells which run answers it', async () => {
  const id = await start();
  const sent = await say(id, 'Hello', { alias: 'client-1' });
  const again = await server.call('POST', `/api/conversations/${id}/messages`, { body: { parts: text('Hello'), alias: 'client-1' } });
  expect([again.status, await again.json()]).toEqual([
    409,
    expect.objectContaining({
      code: 'AlreadySent',
      details: expect.objectContaining({ messageId: sent.messageId, runId: sent.runId, outcome: 'completed' }),
    }),
  ]);
  expect(await get(`/api/conversations/${id}/messages/client-1`)).toMatchObject({ id: sent.messageId });
});

test('a run streams the same items to whoever reads, during it and after it', async () => {
  const id = await start();
  const sent = await post<Sent>(`/api/conversations/${id}/messages`, { parts: text('Hello'), reply: true });
  const path = `/api/conversations/${id}/runs/${sent.runId}/stream`;
  const [during, after] = [await items(path), await items(path)];
  expect(during.at(0)).toMatchObject({ type: 'start', runId: sent.runId, messageId: sent.replyId });
  expect(during.at(-1)).toMatchObject({ type: 'finish', outcome: 'completed' });
  expect(
    after
      .filter(({ type }) => type === 'text')
      .map((item) => 'delta' in item && item.delta)
      .join(''),
  ).toBe(
    during
      .filter(({ type }) => type === 'text')
      .map((item) => 'delta' in item && item.delta)
      .join(''),
  );
  expect(await get(`/api/runs/${sent.runId}`)).toMatchObject({ status: 'completed', open: false, conversationId: id, messageId: sent.replyId });
  expect(schemas.RunPage.parse(await get(`/api/conversations/${id}/runs`)).runs.map((run) => run.id)).toEqual([sent.runId]);
});

test('a run that asks is answered, and goes on', async () => {
  const id = await start();
  const sent = await post<Sent>(`/api/conversations/${id}/messages`, { parts: text('/call postcard {"to":"Bob"}') });
  const path = `/api/conversations/${id}/runs/${sent.runId}/stream`;
  const asked = await items(path);
  expect(asked.at(-1)).toEqual({ type: 'waiting' });
  const approvalId = asked.flatMap((item) => (item.type === 'tool' && item.part.approval ? [item.part.approval.id] : []))[0];
  expect((await server.call('POST', `/api/runs/${sent.runId}/approvals/none`, { body: { approved: true } })).status).toBe(404);
  expect((await server.call('POST', `/api/runs/${sent.runId}/approvals/${approvalId}`, { body: { approved: true } })).status).toBe(200);
  const rest = await items(`${path}?segment=1`);
  expect(rest.at(-1)).toMatchObject({ type: 'finish', outcome: 'completed' });
  expect(
    (await server.call('POST', `/api/runs/${sent.runId}/approvals/${approvalId}`, { body: { approved: false } })).status,
    'nothing is left to answer',
  ).toBe(404);
});

test('a run can be stopped by its id', async () => {
  const id = await start();
  const sent = await post<Sent>(`/api/conversations/${id}/messages`, { parts: text('/call postcard {"to":"Bob"}') });
  await items(`/api/conversations/${id}/runs/${sent.runId}/stream`);
  await post(`/api/runs/${sent.runId}/stop`, {}, 200);
  expect((await items(`/api/conversations/${id}/runs/${sent.runId}/stream`)).at(-1)).toMatchObject({ type: 'finish', outcome: 'cancelled' });
});

test('the history of a conversation is its log: every event of it and of its runs, in order, with the hash as stored', async () => {
  const id = await start({ title: 'T' });
  const sent = await say(id, '/echo hi');
  const { events } = schemas.EventPage.parse(await get(`/api/conversations/${id}/events`)) as unknown as { events: EventInfo[] };
  const positions = events.map(({ position }) => position);
  expect(positions).toEqual([...positions].sort());
  expect(new Set(events.map(({ stream }) => stream))).toEqual(new Set([`conversation-${id}`, `run-${sent.runId}`]));
  expect(events.map(({ type }) => type)).toEqual([
    'ConversationStarted',
    'MessageSent',
    'ReplyRequested',
    'RunStarted',
    'ModelCallStarted',
    'RunEnded',
    'ReplySettled',
  ]);
  expect(events.find(({ type }) => type === 'MessageSent')?.data).toMatchObject({ sealed: { parts: text('/echo hi') } });
  const { encodeAppend } = await import('../../../src/adapters/event-store/encode.ts');
  for await (const event of server.installation.disk.store.read(`conversation-${id}`)) {
    const [encoded] = encodeAppend(event.stream, [event], 'any').events;
    const leaf = encoded && leafOf({ ...encoded, stream: event.stream, revision: Number(event.revision) }).toString('hex');
    expect(events.find((shown) => shown.id === event.id)?.leaf).toBe(leaf);
  }
  const page = schemas.EventPage.parse(await get(`/api/conversations/${id}/events?limit=3`));
  const rest = schemas.EventPage.parse(await get(`/api/conversations/${id}/events?after=${page.next}`));
  expect([...page.events, ...rest.events].map((event) => event.id)).toEqual(events.map((event) => event.id));
});

test('what is another’s is not there, whatever is asked of it', async () => {
  const id = await start({ title: 'Mine' });
  const sent = await say(id, 'Hello');
  const file = ((await (await fetch(`${server.url}/api/files?filename=a.txt`, { method: 'POST', body: 'x' })).json()) as { fileId: string }).fileId;
  const { token } = await server.tokens.access(person('mallory'));
  const ids: Record<string, string> = {
    conversationId: id,
    runId: sent.runId,
    messageId: sent.messageId,
    parentId: sent.messageId,
    fileId: file,
    approvalId: 'approval_1',
    toolCallId: 'call_1',
  };
  const bodies: Record<string, object> = {
    title: { title: 'x' },
    metadata: { metadata: {} },
    messages: { parts: text('x') },
    append: { role: 'user', parts: [], parentId: null },
    content: { parts: [] },
    feedback: { rating: 'positive' },
    branch: { messageId: sent.messageId },
    approval_1: { approved: true },
    masking: { mode: 'on' },
    retention: { retention: { keep: 'forever' } },
  };
  const paramsOf = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const owned = server.server.routes.filter(({ path }) => paramsOf(path).length > 0 && paramsOf(path).every((name) => name in ids));
  expect(owned.length).toBeGreaterThan(20);
  const answers = await Promise.all(
    owned.map(async ({ method, path }) => {
      const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '');
      const body = bodies[target.split('/').at(-1) ?? ''];
      const { status } = await server.call(method, target, { headers: bearer(token), ...(method === 'GET' ? {} : { body: body ?? {} }) });
      return `${method} ${path} ${status}`;
    }),
  );
  expect(answers.filter((answer) => !answer.endsWith(' 404'))).toEqual([]);
  expect(await get(`/api/conversations/${id}`)).toMatchObject({ title: 'Mine', state: 'active' });
});
