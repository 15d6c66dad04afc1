import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AuiServer, ada, bob, type Called, eventually, type Person, startAui, user } from './aui-server.ts';

let server: AuiServer;
let owner: Person;
let stranger: Person;
beforeAll(async () => {
  server = await startAui();
  owner = await server.as(ada);
  stranger = await server.as(bob);
});
afterAll(() => server.stop());

interface Target {
  readonly thread: string;
  readonly message: string;
  readonly streamId: string;
  readonly file: string;
}

const content = { role: 'user', parts: [{ type: 'text', text: 'x' }], metadata: {} };
const calls: Record<string, (who: Person, target: Target) => Promise<Called>> = {
  'GET thread': (who, { thread }) => who.call('GET', `/aui/v1/threads/${thread}`),
  'PUT thread': (who, { thread }) => who.call('PUT', `/aui/v1/threads/${thread}`, { title: 'stolen' }),
  'DELETE thread': (who, { thread }) => who.call('DELETE', `/aui/v1/threads/${thread}`),
  'GET messages': (who, { thread }) => who.call('GET', `/aui/v1/threads/${thread}/messages?format=ai-sdk/v6`),
  'POST message': (who, { thread }) => who.call('POST', `/aui/v1/threads/${thread}/messages`, { parent_id: null, format: 'ai-sdk/v6', content }),
  'PUT message': (who, { thread, message }) => who.call('PUT', `/aui/v1/threads/${thread}/messages/${message}`, { content }),
  'DELETE messages': (who, { thread, message }) => who.call('DELETE', `/aui/v1/threads/${thread}/messages`, { message_ids: [message] }),
  'POST feedback': (who, { thread, message }) => who.call('POST', `/aui/v1/threads/${thread}/messages/${message}/feedback`, { type: 'negative' }),
  'POST title': (who, { thread }) =>
    who.call('POST', '/aui/v1/runs/stream', { thread_id: thread, assistant_id: 'system/thread_title', messages: [] }),
  'POST run': (who, { thread }) => who.call('POST', '/aui/v1/runs', { thread_id: thread, status: 'incomplete', outcome_type: 'aborted' }),
  'POST download': (who, { file }) => who.call('POST', '/aui/v1/files/attachments/generate-presigned-download-url', { key: file }),
  'POST chat': (who, { thread }) => who.call('POST', '/aui/api/chat', { id: thread, messages: [user('c9', 'x')] }),
  'POST regenerate': (who, { thread }) =>
    who.call('POST', '/aui/api/chat', { id: thread, messages: [user('c1', 'x')], trigger: 'regenerate-message' }),
  'GET stream': (who, { thread }) => who.call('GET', `/aui/api/chat/${thread}/stream`),
  'GET resume': (who, { streamId }) => who.call('GET', `/aui/api/chat/resume/${streamId}`),
  'POST stop': (who, { thread }) => who.call('POST', `/aui/api/chat/${thread}/stop`, {}),
};

test('what is another’s is not found, by any request, and looks as if it had never been there', async () => {
  const thread = await owner.thread();
  const answer = await owner.chat(thread, [user('c1', '/call postcard {"to":"me"}')]);
  const [row] = await owner.history(thread);
  const { key } = (await owner.call('POST', '/aui/v1/files/attachments/generate-presigned-upload-url', { filename: 'a.txt' })).json;
  const theirs: Target = { thread, message: row?.id ?? '', streamId: answer.headers.get('x-resumable-stream-id') ?? '', file: key };
  const nobodys: Target = { thread: 'thread_nobodys', message: 'msg_nobodys', streamId: 'run_nobodys.0', file: 'file-nobodys' };
  const before = await owner.history(thread);
  for (const [name, call] of Object.entries(calls)) {
    const foreign = await call(stranger, theirs);
    const absent = await call(stranger, nobodys);
    expect([name, foreign.status, foreign.text]).toEqual([name, 404, absent.text]);
  }
  expect(await owner.history(thread)).toEqual(before);
  expect((await owner.call('GET', `/aui/v1/threads/${thread}`)).json.thread.title).not.toBe('stolen');
});

test('without a token nothing is shown, not even that it is there', async () => {
  const thread = await owner.thread();
  for (const path of [`/aui/v1/threads/${thread}`, '/aui/v1/threads', `/aui/api/chat/${thread}/stream`]) {
    const response = await server.call('GET', path, { headers: { origin: 'http://elsewhere.example' } });
    expect(response.status).toBe(401);
  }
});

test('a file of another’s cannot be sent in a message of one’s own', async () => {
  const { key } = (await owner.call('POST', '/aui/v1/files/attachments/generate-presigned-upload-url', { filename: 'a.txt' })).json;
  const mine = await stranger.thread();
  const file = { type: 'file', mediaType: 'text/plain', url: `${server.url}/aui/v1/files/${key}` };
  expect((await stranger.chat(mine, [user('c1', 'read it', [file])])).status).toBe(404);
  const posted = await stranger.call('POST', `/aui/v1/threads/${mine}/messages`, {
    parent_id: null,
    format: 'ai-sdk/v6',
    content: { role: 'user', parts: [file] },
  });
  expect(posted.status).toBe(404);
});

test('events of a stranger stop nothing', async () => {
  const thread = await owner.thread();
  const leaving = new AbortController();
  const message = user('c1', '/long 60\n/pace 10');
  const response = await server.call('POST', '/aui/api/chat', {
    body: { id: thread, messages: [message] },
    headers: { authorization: `Bearer ${owner.token}` },
    signal: leaving.signal,
  });
  await response.body?.getReader().read();
  leaving.abort();
  expect((await stranger.call('POST', '/aui/v1/events', { events: [{ kind: 'run_stopped', thread_id: thread }] })).status).toBe(202);
  const ended = await eventually(async () => (await owner.history(thread)).find((row) => row.content.metadata.usage), 'the end');
  expect(ended.content.metadata.custom.outcome).toBeUndefined();
});
