import { createServer } from 'node:http';
import { AssistantCloud } from 'assistant-cloud';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import * as requests from '../../../../src/api/assistant-ui/wire/cloud-requests.ts';
import * as responses from '../../../../src/api/assistant-ui/wire/thread-json.ts';

const time = '2026-03-01T10:00:00.000Z';
const thread = {
  id: 'thread_1',
  project_id: 'annals',
  workspace_id: 'person_1',
  external_id: null,
  title: null,
  metadata: {},
  is_archived: false,
  created_at: time,
  updated_at: time,
  last_message_at: time,
};
const message = {
  id: 'msg_1',
  parent_id: null,
  height: 0,
  format: 'ai-sdk/v6',
  content: { role: 'user', parts: [] },
  created_at: time,
  updated_at: time,
};

type Sent = { method: string | undefined; path: string; query: Record<string, string>; body: unknown };
let answer: unknown;
let sent: Sent | undefined;
const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? '', 'http://localhost');
  const text = (await request.toArray()).join('');
  sent = {
    method: request.method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    body: text === '' ? undefined : JSON.parse(text),
  };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
});
let cloud: AssistantCloud;

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  cloud = new AssistantCloud({ baseUrl: `http://127.0.0.1:${port}`, apiKey: 'key', userId: 'person_1', workspaceId: 'person_1' });
});
afterAll(() => new Promise((closed) => server.close(closed)));

const takes = async (call: () => Promise<unknown>, value: unknown): Promise<boolean> => {
  answer = value;
  return call().then(
    () => true,
    () => false,
  );
};

const without = (value: object, key: string) => Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
const variants = (value: object) => [
  value,
  ...Object.keys(value).flatMap((key) => [null, 5, 'x', 1.5, '2026-03-01T10:00:00Z', [], {}].map((wrong) => ({ ...value, [key]: wrong }))),
  ...Object.keys(value).map((key) => without(value, key)),
];

test('a thread that our schema accepts is one that the cloud client accepts', async () => {
  expect(responses.ThreadJson.safeParse(thread).success).toBe(true);
  for (const variant of variants(thread)) {
    const client = await takes(() => cloud.threads.get('thread_1'), { thread: variant });
    if (responses.ThreadResponse.safeParse({ thread: variant }).success) expect(client, JSON.stringify(variant)).toBe(true);
  }
});

test('a message that our schema accepts is one that the cloud client accepts', async () => {
  expect(responses.MessageJson.safeParse(message).success).toBe(true);
  for (const variant of variants(message)) {
    const client = await takes(() => cloud.threads.messages.list('thread_1'), { messages: [variant] });
    if (responses.MessageListResponse.safeParse({ messages: [variant] }).success) expect(client, JSON.stringify(variant)).toBe(true);
  }
});

test('of what the cloud client refuses our schemas accept nothing, and a missing key is refused by both', async () => {
  for (const key of Object.keys(without(thread, 'metadata'))) {
    expect(await takes(() => cloud.threads.get('t'), { thread: without(thread, key) })).toBe(false);
    expect(responses.ThreadJson.safeParse(without(thread, key)).success).toBe(false);
  }
  for (const key of Object.keys(message)) {
    expect(await takes(() => cloud.threads.messages.list('t'), { messages: [without(message, key)] })).toBe(false);
    expect(responses.MessageJson.safeParse(without(message, key)).success).toBe(false);
  }
});

const score = { score_id: 's', name: 'n', data_type: 'numeric' as const, value: 1, string_value: null };
const upload = { success: true, signedUrl: 'u', expiresAt: time, publicUrl: 'p', key: 'k' };
const report = {
  thread_id: 'thread_1',
  status: 'completed' as const,
  total_steps: 1,
  tool_calls: [{ tool_name: 'a', tool_call_id: 'c' }],
  duration_ms: 1.5,
};

const calls: [name: string, call: () => Promise<unknown>, request: z.ZodType | undefined, response: z.ZodType | undefined, answer: unknown][] = [
  [
    'list threads',
    () => cloud.threads.list({ is_archived: false, limit: 20, after: 'thread_0' }),
    requests.ThreadListQuery,
    responses.ThreadListResponse,
    { threads: [thread] },
  ],
  [
    'create thread',
    () => cloud.threads.create({ last_message_at: new Date(), title: 'T' }),
    requests.ThreadCreateRequest,
    responses.ThreadCreatedResponse,
    { thread_id: 't' },
  ],
  ['update thread', () => cloud.threads.update('t', { title: 'T', is_archived: true }), requests.ThreadUpdateRequest, responses.EmptyResponse, {}],
  ['claim threads', () => cloud.threads.claim({ refresh_token: 'r' }), requests.ThreadsClaimRequest, responses.ThreadsClaimedResponse, { moved: 3 }],
  [
    'list messages',
    () => cloud.threads.messages.list('t', { format: 'ai-sdk/v6', limit: 200 }),
    requests.MessageListQuery,
    responses.MessageListResponse,
    { messages: [message] },
  ],
  [
    'create message',
    () => cloud.threads.messages.create('t', { parent_id: null, format: 'aui/v0', content: {} }),
    requests.MessageCreateRequest,
    responses.MessageCreatedResponse,
    { message_id: 'm' },
  ],
  ['update message', () => cloud.threads.messages.update('t', 'm', { content: {} }), requests.MessageUpdateRequest, responses.EmptyResponse, {}],
  [
    'feedback',
    () => cloud.threads.messages.feedback('t', 'm', { type: 'positive', comment: 'good' }),
    requests.FeedbackRequest,
    responses.FeedbackResponse,
    { feedback_id: 'f', type: 'positive', comment: null },
  ],
  ['report run', () => cloud.runs.report(report), requests.RunReportRequest, responses.RunReportedResponse, { run_id: 'r' }],
  ['score', () => cloud.scores.create({ name: 'n', data_type: 'numeric', value: 1 }), requests.ScoreRequest, responses.ScoreResponse, score],
  [
    'presign upload',
    () => cloud.files.generatePresignedUploadUrl({ filename: 'a.pdf' }),
    requests.PresignedUploadRequest,
    responses.PresignedUploadResponse,
    upload,
  ],
  [
    'presign download',
    () => cloud.files.generatePresignedDownloadUrl({ key: 'k' }),
    requests.PresignedDownloadRequest,
    responses.PresignedDownloadResponse,
    { signedUrl: 'u', expiresAt: time, key: 'k' },
  ],
  [
    'pdf to images',
    () => cloud.files.pdfToImages({ file_url: 'u' }),
    requests.PdfImagesRequest,
    responses.PdfImagesResponse,
    { success: true, urls: [], message: '' },
  ],
];

test.each(calls)(
  '%s: our request schema reads what the cloud client sends, and the client reads what our response schema accepts',
  async (_name, call, request, response, value) => {
    expect(response?.safeParse(value)).toMatchObject({ success: true });
    expect(await takes(call, value)).toBe(true);
    expect(request?.safeParse(sent?.body ?? sent?.query)).toMatchObject({ success: true });
  },
);

test('unknown fields of a request are ignored and its limits hold', () => {
  expect(requests.ThreadCreateRequest.parse({ last_message_at: '2026-03-01T12:00:00+02:00', novelty: 1 })).toEqual({ last_message_at: time });
  expect(requests.ThreadListQuery.parse({ is_archived: 'false' })).toEqual({ is_archived: false, limit: 20 });
  const refused: [z.ZodType, unknown][] = [
    [requests.ThreadListQuery, { limit: '101' }],
    [requests.ThreadListQuery, { is_archived: 'maybe' }],
    [requests.MessageListQuery, { limit: '201' }],
    [requests.ThreadCreateRequest, { last_message_at: 'yesterday' }],
    [requests.ThreadUpdateRequest, { title: 'x'.repeat(256) }],
    [requests.ThreadUpdateRequest, { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [index, 1])) }],
    [requests.ThreadUpdateRequest, { metadata: { long: 'x'.repeat(600) } }],
    [requests.MessageCreateRequest, { parent_id: null, format: 'ai-sdk/v6', content: [] }],
    [requests.MessagesDeleteRequest, { message_ids: [] }],
    [requests.EventsRequest, { events: Array.from({ length: 51 }, () => ({ kind: 'message_sent' })) }],
    [requests.TitleStreamRequest, { thread_id: 't', assistant_id: 'other', messages: [] }],
    [requests.PresignedDownloadRequest, {}],
  ];
  for (const [schema, value] of refused) expect(schema.safeParse(value).success, JSON.stringify(value).slice(0, 80)).toBe(false);
});
