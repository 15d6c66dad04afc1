import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AuiServer, ada, chunksIn, type Person, startAui, textOf, user } from './aui-server.ts';

let server: AuiServer;
let me: Person;
beforeAll(async () => {
  server = await startAui();
  me = await server.as(ada);
});
afterAll(() => server.stop());

const post = (thread: string, parent: string | null, content: object, more: object = {}) =>
  me.call('POST', `/aui/v1/threads/${thread}/messages`, { parent_id: parent, format: 'ai-sdk/v6', content, ...more });
const said = (role: 'user' | 'assistant', text: string, metadata: object = {}) => ({ role, parts: [{ type: 'text', text }], metadata });

test('the client’s copies of a turn are adopted once: nothing is stored again, whatever its answer says', async () => {
  const thread = await me.thread();
  const { text } = await me.chat(thread, [user('c1', '/echo Hi')]);
  const runId = chunksIn(text)[0].messageMetadata.custom.runId;
  const before = await me.history(thread);
  const question = await post(thread, null, said('user', '/echo Hi', { custom: {} }));
  expect(question).toMatchObject({ status: 201, json: { message_id: before[1]?.id } });
  const answer = await post(thread, question.json.message_id, said('assistant', 'cut of', { custom: { runId } }));
  expect(answer).toMatchObject({ status: 201, json: { message_id: before[0]?.id } });
  expect((await post(thread, null, said('user', '/echo Hi'))).status).toBe(200);
  expect((await post(thread, 'whatever', said('assistant', 'else', { custom: { runId } }))).status).toBe(200);
  expect(await me.history(thread)).toEqual(before);
  const adoptions = await kinds(thread, 'MessageAdopted');
  expect(adoptions).toBe(2);
});

async function kinds(thread: string, type: string): Promise<number> {
  let count = 0;
  for await (const event of server.installation.disk.store.read(`conversation-${thread}`)) if (event.type === type) count++;
  return count;
}

test('rows of a runtime that writes its own history are stored once, in both formats', async () => {
  const thread = await me.thread();
  const first = await post(thread, null, said('user', 'from elsewhere'));
  const second = await post(thread, first.json.message_id, said('assistant', 'an answer from elsewhere'));
  expect([first.status, second.status]).toEqual([201, 201]);
  const again = await post(
    thread,
    first.json.message_id,
    { role: 'assistant', content: [{ type: 'text', text: 'an answer from elsewhere' }], status: { type: 'complete', reason: 'stop' }, metadata: {} },
    { format: 'aui/v0' },
  );
  expect(again).toMatchObject({ status: 200, json: second.json });
  const rows = await me.history(thread, 'format=aui/v0');
  expect(rows.map((row) => [row.id, row.parent_id, row.content.content[0].text])).toEqual([
    [second.json.message_id, first.json.message_id, 'an answer from elsewhere'],
    [first.json.message_id, null, 'from elsewhere'],
  ]);
});

test('a parent may be named by the client’s own id, by an external id, or not be known at all', async () => {
  const thread = await me.thread();
  await me.chat(thread, [user('c-parent', '/echo x')]);
  const [, question] = await me.history(thread);
  const below = await post(thread, 'c-parent', said('user', 'below'), { external_id: 'ext-1' });
  const deeper = await post(thread, null, said('user', 'deeper'), { parent_external_id: 'ext-1' });
  const alone = await post(thread, 'nobody knows', said('user', 'alone'));
  const parents = new Map((await me.history(thread)).map((row) => [row.id, row.parent_id]));
  expect(parents.get(below.json.message_id)).toBe(question?.id);
  expect(parents.get(deeper.json.message_id)).toBe(below.json.message_id);
  expect(parents.get(alone.json.message_id)).toBeNull();
});

test('a message that the client posted before it sent it is not written twice', async () => {
  const thread = await me.thread();
  const { json } = await post(thread, null, said('user', '/echo once'));
  expect((await post(thread, null, said('user', '/echo once'))).json).toEqual(json);
  await me.chat(thread, [user('c1', '/echo once')]);
  await me.chat(thread, [user('c1', '/echo once')]);
  const rows = await me.history(thread);
  expect(rows.map((row) => textOf(row as never))).toEqual(['once', '/echo once']);
  expect(rows[1]?.id).toBe(json.message_id);
});

/** One conversation as a client has it, step by step: what it sends and what it posts of it, in any order and any number of times. */
const turns = fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 3 });
const schedule = fc.array(fc.tuple(fc.nat(20), fc.boolean()), { maxLength: 12 });

test('in whatever order the server writes and the client posts, and however often, every message is there once', async () => {
  await fc.assert(
    fc.asyncProperty(turns, schedule, fc.boolean(), async (texts, posts, atOnce) => {
      const thread = await me.thread();
      const messages: object[] = [];
      const copies: { content: object; parent: string | null; name: string }[] = [];
      const running: Promise<unknown>[] = [];
      let parent: string | null = null;
      let expected = 0;
      for (const [index, text] of texts.entries()) {
        const name = `c${index}`;
        const content = said('user', `/echo ${text}`, { custom: {} });
        // The client knows its own question before the server does.
        copies.push({ content, parent, name });
        messages.push(user(name, `/echo ${text}`));
        const early = posts.filter(([, before]) => before).slice(0, 2);
        const postEarly = () => running.push(...early.map(() => post(thread, parent, content)));
        if (atOnce && index % 2 === 0) postEarly();
        const sending = me.chat(thread, messages);
        if (atOnce && index % 2 === 1) postEarly();
        const answer = await sending;
        expect(answer.status).toBe(200);
        const start = chunksIn(answer.text)[0];
        expected += 2;
        copies.push({
          content: said('assistant', text, { custom: { runId: start.messageMetadata.custom.runId } }),
          parent: name,
          name: start.messageId,
        });
        messages.push({ id: start.messageId, role: 'assistant', parts: [{ type: 'text', text }], metadata: start.messageMetadata });
        parent = start.messageId;
      }
      await Promise.all(running);
      for (const [which, together] of posts) {
        const copy = copies[which % copies.length];
        if (!copy) continue;
        const posting = post(thread, copy.parent, copy.content);
        if (together) running.push(posting);
        else await posting;
      }
      await Promise.all(running);
      const rows = await me.history(thread);
      expect(rows).toHaveLength(expected);
      expect(new Set(rows.map(({ height }) => height)).size).toBe(expected);
      expect(await kinds(thread, 'MessageAdopted')).toBeLessThanOrEqual(expected);
    }),
    { numRuns: 25 },
  );
});

test('a file sent as data and posted as data is one file in one message', async () => {
  const thread = await me.thread();
  const file = {
    type: 'file',
    mediaType: 'image/png',
    filename: 'dot.png',
    url: `data:image/png;base64,${Buffer.from('not really a picture').toString('base64')}`,
  };
  await me.chat(thread, [user('c1', '/echo seen', [file])]);
  await post(thread, null, { role: 'user', parts: [{ type: 'text', text: '/echo seen' }, file], metadata: { custom: {} } });
  const rows = await me.history(thread);
  expect(rows).toHaveLength(2);
  const stored = rows[1]?.content.parts[1];
  expect(stored).toMatchObject({ type: 'file', mediaType: 'image/png', filename: 'dot.png' });
  expect(stored.url).toMatch(/^http:.*\/aui\/v1\/files\/file-/);
  expect(await (await fetch(stored.url)).text()).toBe('not really a picture');
});

test('what a client puts over its own row replaces it, and over an answer of ours changes nothing', async () => {
  const thread = await me.thread();
  const own = await post(thread, null, said('assistant', 'mine'));
  await me.call('PUT', `/aui/v1/threads/${thread}/messages/${own.json.message_id}`, { content: said('assistant', 'changed') });
  expect((await me.history(thread)).map((row) => textOf(row as never))).toEqual(['changed']);
  await me.chat(thread, [user('c1', '/echo ours')]);
  const [answer] = await me.history(thread);
  const put = await me.call('PUT', `/aui/v1/threads/${thread}/messages/${answer?.id}`, { content: said('assistant', 'forged') });
  expect(put.status).toBe(200);
  expect((await me.history(thread))[0]).toEqual(answer);
});

test('single messages are not deleted, and the answer says so', async () => {
  const thread = await me.thread();
  const { json } = await post(thread, null, said('user', 'stays'));
  const refused = await me.call('DELETE', `/aui/v1/threads/${thread}/messages`, { message_ids: [json.message_id] });
  expect(refused).toMatchObject({ status: 409, json: { error: 'Conflict' } });
  expect((await me.call('DELETE', `/aui/v1/threads/${thread}/messages`, { message_ids: ['unknown'] })).status).toBe(200);
  expect(await me.history(thread)).toHaveLength(1);
});

test('pages of messages begin with the chosen leaf, give each once and end at an unknown cursor', async () => {
  const thread = await me.thread();
  const first = await me.chat(thread, [user('c1', '/echo 1')]);
  const answer = { id: chunksIn(first.text)[0].messageId, role: 'assistant', parts: [{ type: 'text', text: '1' }] };
  await me.chat(thread, [user('c1', '/echo 1'), answer, user('c2', '/echo 2')]);
  await me.chat(thread, [user('c1', '/echo 1')], { trigger: 'regenerate-message' });
  const all = await me.history(thread);
  expect(all[0]?.content.metadata.custom.runId).not.toBe(chunksIn(first.text)[0].messageMetadata.custom.runId);
  expect(all.map(({ height }) => height)).toEqual([1, 3, 2, 1, 0]);
  const paged: string[] = [];
  for (let after = ''; ; after = `&after=${paged.at(-1)}`) {
    const page = await me.history(thread, `limit=2${after}`);
    paged.push(...page.map(({ id }) => id));
    if (page.length < 2) break;
  }
  expect(paged).toEqual(all.map(({ id }) => id));
  expect(await me.history(thread, 'after=msg_unknown')).toEqual([]);
});
