import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { assistantUiRoutes } from '../../../src/api/assistant-ui/index.ts';
import { type AuiServer, ada, startAui } from './aui-server.ts';

let server: AuiServer;
beforeAll(async () => {
  server = await startAui();
});
afterAll(() => server.stop());

const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ summary: z.string(), responses: z.record(z.string(), z.unknown()) }))),
});

test('the document tells of every route of the dialect, with what it takes and answers', async () => {
  const me = await server.as(ada);
  const { paths } = Document.parse((await me.call('GET', '/api/openapi.json')).json);
  const routes = assistantUiRoutes({ secret: randomBytes(32) });
  expect(routes.length).toBeGreaterThan(20);
  for (const { method, path } of routes)
    expect([path, Object.keys(paths[path] ?? {})]).toEqual([path, expect.arrayContaining([method.toLowerCase()])]);
  expect(JSON.stringify(paths['/aui/v1/threads/{threadId}/messages']?.['delete'])).toContain('keeps every branch');
});

test('an error of the cloud’s contract has a code for programs and a sentence for persons', async () => {
  const me = await server.as(ada);
  const wrong = await me.call('POST', '/aui/v1/threads', { last_message_at: 'yesterday' });
  expect(wrong).toMatchObject({ status: 400, json: { error: 'InvalidInput', message: expect.stringContaining('last_message_at') } });
  expect((await me.call('GET', '/aui/v1/threads?limit=0')).status).toBe(400);
  expect((await me.call('PATCH', '/aui/v1/threads', {})).json).toMatchObject({ error: 'MethodNotAllowed' });
});
