import { afterAll, beforeAll, expect, test } from 'vitest';
import { bearer } from '../http/start-server.ts';
import { type AuiServer, ada, startAui, user } from './aui-server.ts';

let server: AuiServer;
beforeAll(async () => {
  server = await startAui();
});
afterAll(() => server.stop());

test('what a visitor wrote, files included, is the person’s who takes it over, and is gone on with there', async () => {
  const minted = await (await server.call('POST', '/aui/v1/auth/tokens/anonymous')).json();
  const asVisitor = async (method: string, path: string, body?: unknown) =>
    server.call(method, path, { ...(body === undefined ? {} : { body }), headers: bearer(minted.access_token) });
  const { thread_id: thread } = await (await asVisitor('POST', '/aui/v1/threads', { last_message_at: new Date().toISOString() })).json();
  const file = { type: 'file', mediaType: 'text/plain', filename: 'a.txt', url: `data:text/plain;base64,${Buffer.from('mine').toString('base64')}` };
  await (await asVisitor('POST', '/aui/api/chat', { id: thread, messages: [user('c1', '/echo one', [file])] })).text();

  const me = await server.as(ada);
  expect((await me.call('GET', `/aui/v1/threads/${thread}`)).status).toBe(404);
  expect((await me.call('POST', '/aui/v1/threads/claim', { refresh_token: minted.refresh_token.token })).json).toEqual({ moved: 1 });
  const again = await server.as({ ...ada });
  expect((await again.call('GET', '/aui/v1/threads')).json.threads.map(({ id }: { id: string }) => id)).toEqual([thread]);
  const rows = await again.history(thread);
  expect(rows.map(({ height }) => height)).toEqual([1, 0]);
  expect(await (await fetch(rows[1]?.content.parts[1].url)).text()).toBe('mine');
  const next = await again.chat(thread, [user('c1', '/echo one'), { id: rows[0]?.id, role: 'assistant', parts: [] }, user('c2', '/echo two')]);
  expect(next.status).toBe(200);
  expect(await again.history(thread)).toHaveLength(4);
  expect((await asVisitor('GET', `/aui/v1/threads/${thread}`)).status).toBe(401);
});
