import { AssistantCloud } from 'assistant-cloud';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bearer } from '../http/start-server.ts';
import { type AuiServer, ada, eventually, type Person, startAui, user } from './aui-server.ts';

let server: AuiServer;
let me: Person;
let cloud: AssistantCloud;
beforeAll(async () => {
  server = await startAui();
  me = await server.as(ada);
  cloud = new AssistantCloud({ baseUrl: `${server.url}/aui`, authToken: async () => me.token });
});
afterAll(() => server.stop());

const SLOW = '/long 3000\n/pace 20';

async function begun(thread: string, id: string, leaving: AbortController): Promise<Response> {
  const response = await server.call('POST', '/aui/api/chat', {
    body: { id: thread, messages: [user(id, SLOW)] },
    headers: bearer(me.token),
    signal: leaving.signal,
  });
  await response.body?.getReader().read();
  return response;
}
const outcomeOf = async (thread: string, at = 0) => (await me.history(thread))[at]?.content.metadata.custom.outcome;
const stopReport = { status: 'incomplete' as const, outcome_type: 'aborted' as const };

test('the report of an aborted run stops it, and a late one of an older run does not stop the next', async () => {
  const thread = await me.thread();
  const first = new AbortController();
  await begun(thread, 'c1', first);
  const [older] = await me.history(thread);
  first.abort();
  const { run_id } = await cloud.runs.report({ thread_id: thread, ...stopReport, message_id: older?.id as string });
  expect(run_id).toMatch(/^report_/);
  await eventually(async () => (await outcomeOf(thread)) === 'cancelled', 'the first run stopped');
  const second = new AbortController();
  await begun(thread, 'c2', second);
  await cloud.runs.report({ thread_id: thread, ...stopReport, message_id: older?.id as string });
  await me.call('POST', '/aui/v1/events', { events: [{ kind: 'run_stopped', thread_id: thread, value: 12 }] });
  expect(await outcomeOf(thread)).toBeUndefined();
  expect((await me.call('GET', `/aui/v1/threads/${thread}`)).json.thread.metadata.activeStreamId).toMatch(/^run_/);
  second.abort();
  await eventually(async () => {
    await me.call('POST', '/aui/v1/events', { events: [{ kind: 'run_stopped', thread_id: thread }] });
    return (await outcomeOf(thread)) === 'cancelled';
  }, 'the second run stopped');
});

test('events and scores are kept with one’s own data', async () => {
  const thread = await me.thread();
  expect((await me.call('POST', '/aui/v1/events', { events: [] })).json).toEqual({ accepted: 0 });
  expect(
    (
      await me.call('POST', '/aui/v1/events', {
        events: [
          { kind: 'message_copied', thread_id: thread },
          { kind: 'of_the_future', value: 1 },
        ],
      })
    ).json,
  ).toEqual({ accepted: 2 });
  const score = await cloud.scores.create({ name: 'helpful', data_type: 'boolean', value: 1, thread_id: thread } as never);
  expect(score).toMatchObject({ name: 'helpful', data_type: 'boolean', value: 1, string_value: null });
  const kinds: unknown[] = [];
  for await (const { type, data } of server.installation.disk.store.read(`telemetry-${ada.id}-${new Date().toISOString().slice(0, 10)}`))
    if (type === 'ClientReported') kinds.push(data['name']);
  expect(kinds).toEqual(expect.arrayContaining(['message_copied', 'of_the_future', 'helpful']));
});

test('the title comes as plain text once it is stored, also to who asks before there is anything to name', async () => {
  const thread = await me.thread();
  const asking = me.call('POST', '/aui/v1/runs/stream', { thread_id: thread, assistant_id: 'system/thread_title', messages: [] });
  await me.chat(thread, [user('c1', 'Plans for the garden in spring')]);
  const title = await asking;
  expect(title.headers.get('content-type')).toContain('text/plain');
  expect(title.text).toContain('garden');
  expect((await me.call('GET', `/aui/v1/threads/${thread}`)).json.thread.title).toBe(title.text);
  await me.call('PUT', `/aui/v1/threads/${thread}`, { title: 'My own' });
  expect((await me.call('POST', '/aui/v1/runs/stream', { thread_id: thread, assistant_id: 'system/thread_title', messages: [] })).text).toBe(
    'My own',
  );
});

test('feedback is kept, changed and shown with the message in both formats', async () => {
  const thread = await me.thread();
  await me.chat(thread, [user('c1', '/echo x')]);
  const [answer] = await me.history(thread);
  const path = `/aui/v1/threads/${thread}/messages/${answer?.id}/feedback`;
  await me.call('POST', path, { type: 'positive' });
  const said = await me.call('POST', path, { type: 'negative', comment: 'too short' });
  expect(said.json).toEqual({ feedback_id: `feedback_${answer?.id}`, type: 'negative', comment: 'too short' });
  for (const format of ['ai-sdk/v6', 'aui/v0'])
    expect((await me.history(thread, `format=${format}`))[0]?.content.metadata.submittedFeedback).toEqual({ type: 'negative' });
  expect((await me.call('POST', `/aui/v1/threads/${thread}/messages/msg_unknown/feedback`, { type: 'positive' })).status).toBe(404);
});
