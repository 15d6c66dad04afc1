import { afterAll, beforeAll, expect, test } from 'vitest';
import { bearer } from '../http/start-server.ts';
import { type AuiServer, ada, chunksIn, eventually, type Person, saidIn, startAui, textOf, user } from './aui-server.ts';

let server: AuiServer;
let me: Person;
beforeAll(async () => {
  server = await startAui();
  me = await server.as(ada);
});
afterAll(() => server.stop());

test('an answer streams under the id that the history has, with its run and a name to resume it by', async () => {
  const thread = await me.thread();
  const answer = await me.chat(thread, [user('c1', '/echo Hello there')]);
  expect(answer.status).toBe(200);
  const chunks = chunksIn(answer.text);
  expect(saidIn(answer.text)).toBe('Hello there');
  expect(answer.text.endsWith('data: [DONE]\n\n')).toBe(true);
  const [start] = chunks;
  expect(answer.headers.get('x-resumable-stream-id')).toBe(`${start.messageMetadata.custom.runId}.0`);
  const rows = await me.history(thread);
  expect(rows.map(({ id, parent_id, height }) => ({ id, parent_id, height }))).toEqual([
    { id: start.messageId, parent_id: rows[1]?.id, height: 1 },
    { id: rows[1]?.id, parent_id: null, height: 0 },
  ]);
  expect(rows.map((row) => textOf(row as never))).toEqual(['Hello there', '/echo Hello there']);
});

/** Sends a message and leaves as soon as its answer has begun. */
async function begun(thread: string, message: object): Promise<string> {
  const leaving = new AbortController();
  const response = await server.call('POST', '/aui/api/chat', {
    body: { id: thread, messages: [message] },
    headers: bearer(me.token),
    signal: leaving.signal,
  });
  const reader = response.body?.getReader();
  for (let seen = ''; !seen.includes('text-delta'); ) seen += new TextDecoder().decode((await reader?.read())?.value);
  leaving.abort();
  return response.headers.get('x-resumable-stream-id') ?? '';
}

test('leaving does not stop the answer, and the history has what has been written so far', async () => {
  const thread = await me.thread();
  await begun(thread, user('c1', '/long 80\n/pace 10'));
  const [partial] = await me.history(thread);
  const soFar = textOf(partial as never);
  expect(soFar.length).toBeGreaterThan(0);
  expect(partial?.content.metadata.usage).toBeUndefined();
  const ended = await eventually(
    async () => (await me.history(thread)).find((row) => row.content.metadata.usage !== undefined),
    'the end of the answer',
  );
  expect(textOf(ended as never).split(' ')).toHaveLength(80);
  expect(textOf(ended as never).startsWith(soFar)).toBe(true);
});

test('sending a message again shows its answer again, while it is written and when it has ended', async () => {
  const thread = await me.thread();
  const message = user('c1', '/long 40\n/pace 10');
  await begun(thread, message);
  const again = await me.chat(thread, [message]);
  const afterwards = await me.chat(thread, [message]);
  expect(saidIn(again.text).split(' ')).toHaveLength(40);
  expect(saidIn(afterwards.text)).toBe(saidIn(again.text));
  expect(chunksIn(again.text)[0].messageId).toBe(chunksIn(afterwards.text)[0].messageId);
  expect(await me.history(thread)).toHaveLength(2);
});

test('stop ends the run that is meant and no other', async () => {
  const thread = await me.thread();
  const streamId = await begun(thread, user('c1', '/long 3000\n/pace 20'));
  const runId = streamId.split('.')[0];
  expect((await me.call('POST', `/aui/api/chat/${thread}/stop`, { runId: 'run_older' })).json).toEqual({ stopped: null });
  expect((await me.call('POST', `/aui/api/chat/${thread}/stop`, { runId })).json).toEqual({ stopped: runId });
  const rest = await me.call('GET', `/aui/api/chat/resume/${streamId}`);
  expect(chunksIn(rest.text).map(({ type }) => type)).toContain('abort');
  expect((await me.history(thread))[0]?.content.metadata.custom).toEqual({ runId, outcome: 'cancelled' });
  expect((await me.call('POST', `/aui/api/chat/${thread}/stop`, {})).json).toEqual({ stopped: null });
});

test('a new message stops the answer that is being written, and stands where the client has it', async () => {
  const thread = await me.thread();
  await begun(thread, user('c1', '/long 3000\n/pace 20'));
  const next = await me.chat(thread, [
    user('c1', '/long 3000\n/pace 20'),
    { id: 'made-by-the-client', role: 'assistant', parts: [{ type: 'text', text: 'every' }] },
    user('c2', '/echo next'),
  ]);
  expect(saidIn(next.text)).toBe('next');
  const rows = await me.history(thread);
  expect(rows.map(({ height }) => height)).toEqual([3, 2, 1, 0]);
  expect(rows[2]?.content.metadata.custom.outcome).toBe('cancelled');
});

test('answering anew keeps the old answer beside the new one', async () => {
  const thread = await me.thread();
  await me.chat(thread, [user('c1', '/echo x')]);
  const again = await me.chat(thread, [user('c1', '/echo x')], { trigger: 'regenerate-message' });
  const rows = await me.history(thread);
  expect(rows.map(({ height }) => height)).toEqual([1, 1, 0]);
  expect(rows[0]?.id).toBe(chunksIn(again.text)[0].messageId);
  const named = await me.chat(thread, [], { trigger: 'regenerate-message', messageId: rows[0]?.id });
  expect(saidIn(named.text)).toBe('x');
  expect(await me.history(thread)).toHaveLength(4);
});

const toolsOf = (row: { content: { parts: { type: string }[] } } | undefined) =>
  (row?.content.parts ?? []).filter(({ type }) => type === 'dynamic-tool' || type.startsWith('tool-'));

test('an approval is asked for, answered and gone on with under the same message id, once', async () => {
  const thread = await me.thread();
  const question = user('c1', '/call postcard {"to":"Bob"}');
  const asked = await me.chat(thread, [question]);
  const request = chunksIn(asked.text).find(({ type }) => type === 'tool-approval-request');
  expect(request).toBeDefined();
  expect((await me.call('GET', `/aui/api/chat/${thread}/stream`)).status).toBe(204);
  const [waiting] = await me.history(thread);
  const answerWith = (approved: boolean) => {
    const parts = waiting?.content.parts.map((part: { type: string; approval?: object }) =>
      part.approval ? { ...part, state: 'approval-responded', approval: { ...part.approval, approved } } : part,
    );
    return me.chat(thread, [question, { id: waiting?.id, role: 'assistant', parts, metadata: waiting?.content.metadata }], {
      messageId: waiting?.id,
    });
  };
  const [first, second] = await Promise.all([answerWith(true), answerWith(true)]);
  for (const answer of [first, second]) {
    const chunks = chunksIn(answer.text);
    expect(chunks[0].messageId).toBe(waiting?.id);
    expect(chunks.filter(({ type }) => type === 'tool-output-available')).toHaveLength(1);
    expect(chunks.some(({ type }) => type === 'tool-input-available')).toBe(false);
  }
  const rows = await me.history(thread);
  expect(rows).toHaveLength(2);
  expect(toolsOf(rows[0] as never)).toEqual([
    expect.objectContaining({ state: 'output-available', output: expect.objectContaining({ written: true }) }),
  ]);
  const late = await answerWith(true);
  expect(late.status).toBe(200);
});

test('an approval of an answer that has ended is refused in plain words', async () => {
  const thread = await me.thread();
  const question = user('c1', '/call postcard {"to":"Bob"}');
  await me.chat(thread, [question]);
  const [waiting] = await me.history(thread);
  await me.call('POST', `/aui/api/chat/${thread}/stop`, {});
  const parts = waiting?.content.parts.map((part: { approval?: object }) =>
    part.approval ? { ...part, state: 'approval-responded', approval: { ...part.approval, approved: true } } : part,
  );
  const refused = await me.chat(thread, [question, { id: waiting?.id, role: 'assistant', parts }]);
  expect(refused.status).toBe(409);
  expect(refused.headers.get('content-type')).toContain('text/plain');
  expect(refused.text).toContain('can no longer be answered');
});

test('a tool of the page is called, its output brought back, and the answer goes on', async () => {
  const thread = await me.thread();
  const question = user('c1', '/call whereAmI {"exact":true}');
  const tools = { whereAmI: { description: 'Asks the browser.', parameters: { type: 'object', properties: { exact: { type: 'boolean' } } } } };
  const called = await me.chat(thread, [question], { tools });
  const input = chunksIn(called.text).find(({ type }) => type === 'tool-input-available');
  expect(input).toMatchObject({ toolName: 'whereAmI', input: { exact: true } });
  expect(input.dynamic).toBeUndefined();
  const [waiting] = await me.history(thread);
  const parts = waiting?.content.parts.map((part: { type: string }) =>
    part.type === 'tool-whereAmI' ? { ...part, state: 'output-available', output: { city: 'Uppsala' } } : part,
  );
  const answer = await me.chat(thread, [question, { id: waiting?.id, role: 'assistant', parts }], { tools });
  expect(saidIn(answer.text)).toContain('Uppsala');
  expect(toolsOf((await me.history(thread))[0] as never)).toEqual([
    expect.objectContaining({ type: 'tool-whereAmI', state: 'output-available', output: { city: 'Uppsala' } }),
  ]);
});

test('an approval answered through the stored message counts, and one given up ends the answer', async () => {
  for (const [state, change] of [
    ['approval-responded', { approved: true }],
    ['output-error', {}],
  ] as const) {
    const thread = await me.thread();
    await me.chat(thread, [user('c1', '/call postcard {"to":"Bob"}')]);
    const [waiting] = await me.history(thread);
    const parts = waiting?.content.parts.map((part: { approval?: object }) =>
      part.approval
        ? { ...part, state, ...(state === 'output-error' ? { errorText: 'User cancelled' } : {}), approval: { ...part.approval, ...change } }
        : part,
    );
    expect(
      (await me.call('PUT', `/aui/v1/threads/${thread}/messages/${waiting?.id}`, { content: { role: 'assistant', parts, metadata: {} } })).status,
    ).toBe(200);
    const outcome = state === 'output-error' ? 'cancelled' : undefined;
    const ended = await eventually(
      async () =>
        (await me.history(thread)).find((row) => row.content.metadata.usage && row.height === 1 && row.content.metadata.custom.outcome === outcome),
      'the end',
    );
    expect(toolsOf(ended as never)).toHaveLength(1);
  }
});

test('a model is taken from the list only, and what is wrong is said in plain words', async () => {
  const thread = await me.thread();
  expect((await me.chat(thread, [user('c1', '/echo ok')], { config: { modelName: 'demo/demo' } })).status).toBe(200);
  const wrong = [
    await me.chat(thread, [user('c2', 'x')], { config: { modelName: 'nobody/nothing' } }),
    await me.chat(thread, []),
    await me.chat('thread_unknown', [user('c3', 'x')]),
    await me.chat('DEFAULT_THREAD_ID', [user('c3', 'x')]),
    await me.call('POST', '/aui/api/chat', { id: thread, messages: 'none' }),
  ];
  expect(wrong.map(({ status }) => status)).toEqual([400, 400, 404, 404, 400]);
  for (const { headers, text } of wrong) {
    expect(headers.get('content-type')).toContain('text/plain');
    expect(text.length).toBeGreaterThan(10);
  }
  expect(await me.history(thread)).toHaveLength(2);
});

test('a failed answer says why, keeps its place and may be asked for again under the same message', async () => {
  const thread = await me.thread();
  const failed = await me.chat(thread, [user('c1', '/fail 0')]);
  expect(chunksIn(failed.text).at(-1).type).toBe('error');
  expect((await me.history(thread))[0]?.content.metadata.custom.outcome).toBe('failed');
  await me.chat(thread, [user('c1', '/fail 0')]);
  expect(await me.history(thread)).toHaveLength(3);
});

test('the body of a data-stream runtime is understood, and answered in its own protocol where that is asked for', async () => {
  const thread = await me.thread();
  const body = (text: string) => ({
    threadId: thread,
    messages: [{ role: 'user', content: [{ type: 'text', text }] }],
    tools: {},
    unstable_assistantMessageId: 'a1',
  });
  const first = await me.call('POST', '/aui/api/chat?protocol=data-stream', body('/echo plain'));
  expect(first.headers.get('x-vercel-ai-data-stream')).toBe('v1');
  expect(first.text.split('\n').filter((line) => line.startsWith('0:'))).toEqual(['0:"plain"']);
  expect(first.text.endsWith('\n')).toBe(true);
  const more = {
    ...body(''),
    messages: [
      { role: 'user', content: [{ type: 'text', text: '/echo plain' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'plain' }] },
      { role: 'user', content: [{ type: 'text', text: '/echo more' }] },
    ],
  };
  expect(saidIn((await me.call('POST', '/aui/api/chat', more)).text)).toBe('more');
  expect((await me.history(thread)).map(({ height }) => height)).toEqual([3, 2, 1, 0]);
  await me.call('POST', '/aui/api/chat', more);
  expect((await me.history(thread)).map(({ height }) => height)).toEqual([3, 3, 2, 1, 0]);
  const unnamed = await me.call('POST', '/aui/api/chat', { ...more, threadId: undefined });
  expect([unnamed.status, unnamed.text]).toEqual([400, expect.stringContaining('names no thread')]);
});

test('a message edited under its own id begins a branch of its own', async () => {
  const thread = await me.thread();
  await me.chat(thread, [user('c1', '/echo before')]);
  const edited = await me.chat(thread, [user('c1', '/echo after')], { messageId: 'c1' });
  expect(saidIn(edited.text)).toBe('after');
  expect((await me.history(thread)).map(({ height }) => height)).toEqual([1, 1, 0, 0]);
  const again = await me.chat(thread, [user('c1', '/echo after')], { trigger: 'regenerate-message', messageId: chunksIn(edited.text)[0].messageId });
  expect(saidIn(again.text)).toBe('after');
  expect((await me.history(thread)).map(({ height }) => height)).toEqual([1, 1, 1, 0, 0]);
});
