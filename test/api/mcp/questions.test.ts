import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AskingMcp, startNewAsking } from '../../harness/asking-mcp.ts';
import { person } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

let server: TestServer;
let asking: AskingMcp;
/** What anybody has opened at the address that the tool names. */
const opened: string[] = [];
const cashier = createServer((req, res) => {
  opened.push(req.url ?? '');
  res.end();
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((done) => cashier.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(cashier.address() as AddressInfo).port}/pay?order=1`;
  [server, asking] = await Promise.all([startServer(), startNewAsking({ mode: 'url', message: 'Pay first.', url, elicitationId: 'order-1' })]);
});
afterAll(async () => {
  cashier.close().closeAllConnections();
  await Promise.all([server.stop(), asking.stop()]);
});

const by = async (name: string) => bearer((await server.tokens.access(person(name))).token);
// biome-ignore lint/suspicious/noExplicitAny: whatever the server answers
const ask = async (headers: Record<string, string>, method: string, path: string, body?: unknown): Promise<any> => {
  const response = await server.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
  return { status: response.status, ...(await response.json()) };
};

test('a tool that asks for something at an address is answered once a person says so, and Annals never opens it', async () => {
  const [ada, bob] = [await by('ada'), await by('bob')];
  const { serverId } = await ask(ada, 'POST', '/api/mcp/servers', { slug: 'till', transport: 'http', address: { url: asking.url } });
  await ask(ada, 'POST', `/api/mcp/servers/${serverId}/refresh`);
  await ask(ada, 'PUT', '/api/mcp/policies', { serverId, tool: 'book', policy: 'allow' });
  const { conversationId } = await ask(ada, 'POST', '/api/conversations', {});
  const parts = [{ type: 'text', text: '/call till__book {}' }];
  expect((await ask(ada, 'POST', `/api/conversations/${conversationId}/messages`, { parts, parentId: null })).status).toBeLessThan(300);
  const questions = async (of: Record<string, string>) => (await ask(of, 'GET', '/api/questions')).questions;
  await until(async () => (await questions(ada)).length === 1);
  const [question] = await questions(ada);
  expect(question).toMatchObject({ toolName: 'till__book', questions: [{ mode: 'url', message: 'Pay first.', url }] });
  expect(await questions(bob)).toEqual([]);

  const of = `/api/runs/${question.runId}/questions/${question.inputId}`;
  const { key } = question.questions[0];
  const accept = { answers: { [key]: { action: 'accept' } } };
  expect(await ask(bob, 'POST', of, accept)).toMatchObject({ status: 404 });
  expect(await ask(ada, 'POST', of, { answers: {} })).toMatchObject({ status: 422, code: 'AnswerInvalid' });
  expect(await ask(ada, 'POST', of, { answers: { [key]: { action: 'accept', content: { card: '4000' } } } })).toMatchObject({ status: 422 });
  expect(await ask(ada, 'POST', of, accept)).toMatchObject({ status: 200 });
  await until(() => asking.booked.length === 1);
  expect(asking.booked).toMatchObject([{ action: 'accept', state: 'held for you' }]);
  await until(async () => (await questions(ada)).length === 0);
  expect(opened).toEqual([]);
});
