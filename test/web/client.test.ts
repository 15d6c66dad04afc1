import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { UIMessage } from 'ai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAnnals } from '../../packages/client/src/index.ts';
import { sendAutomaticallyWhen } from '../../packages/client/src/send-automatically.ts';
import { createStreamStorage } from '../../packages/client/src/streams.ts';

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}
type Answer = (req: IncomingMessage, res: ServerResponse) => void;

const NOW = Math.floor(Date.now() / 1000);
const jwt = (name: string, seconds = 3600) => `x.${btoa(JSON.stringify({ sub: name, exp: NOW + seconds }))}.y`;
const json =
  (body: object, status = 200): Answer =>
  (_, res) =>
    void res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const iso = () => new Date().toISOString();
const thread = (metadata: object) => ({
  id: 'thread_1',
  project_id: 'p',
  workspace_id: 'w',
  title: null,
  external_id: null,
  metadata,
  is_archived: false,
  created_at: iso(),
  updated_at: iso(),
  last_message_at: iso(),
});
const user: UIMessage = { id: 'u1', role: 'user', parts: [{ type: 'text', text: 'hi' }] };

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  vi.unstubAllGlobals();
});

async function serve(routes: Record<string, Answer>) {
  const seen: Seen[] = [];
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    const path = new URL(req.url ?? '/', 'http://x').pathname;
    seen.push({ method: req.method ?? '', path, authorization: req.headers.authorization, body });
    (routes[`${req.method} ${path}`] ?? json({ error: 'not_found' }, 404))(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { baseUrl, seen, asked: (path: string) => seen.filter((request) => request.path === path) };
}

function stubBrowser(origin: string) {
  const kept = new Map<string, string>();
  vi.stubGlobal('location', { origin });
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  return kept;
}

const stream =
  (frames: readonly object[], end = true): Answer =>
  (_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream', 'x-vercel-ai-ui-message-stream': 'v1', 'x-resumable-stream-id': 'stream_1' });
    for (const frame of frames) res.write(`data: ${JSON.stringify(frame)}\n\n`);
    if (end) res.end('data: [DONE]\n\n');
  };
const start = { type: 'start', messageId: 'm1', messageMetadata: { custom: { runId: 'run_1' } } };

describe('the token', () => {
  it('is one for the thread list and the chat, taken from getToken while it is fresh', async () => {
    const token = jwt('ada');
    const getToken = vi.fn(async () => token);
    const server = await serve({ 'GET /aui/v1/threads': json({ threads: [] }), 'POST /aui/api/chat': stream([start, { type: 'finish' }]) });
    const { cloud, transport } = createAnnals({ baseUrl: server.baseUrl, getToken });
    await cloud.threads.list();
    await drain(transport);
    expect(server.seen.map((request) => request.authorization)).toEqual([`Bearer ${token}`, `Bearer ${token}`]);
    expect(getToken).toHaveBeenCalledTimes(1);
  });

  it('comes from the session of the same origin before any anonymous identity is made', async () => {
    const server = await serve({ 'POST /aui/v1/auth/tokens': json({ token: jwt('local') }) });
    stubBrowser(server.baseUrl);
    expect(await createAnnals().headers()).toEqual({ Authorization: `Bearer ${jwt('local')}` });
    expect(server.asked('/aui/v1/auth/tokens/anonymous')).toEqual([]);
  });

  it('is anonymous where there is no session, and stays the same identity afterwards', async () => {
    const refresh_token = { token: 'refresh_0', expires_at: new Date(Date.now() + 1e8).toISOString() };
    const server = await serve({
      'POST /aui/v1/auth/tokens': json({ error: 'unauthorized' }, 401),
      'POST /aui/v1/auth/tokens/anonymous': json({ access_token: jwt('anon'), refresh_token }),
      'POST /aui/v1/auth/tokens/refresh': json({ access_token: jwt('anon') }),
    });
    stubBrowser(server.baseUrl);
    expect(await createAnnals().headers()).toEqual({ Authorization: `Bearer ${jwt('anon')}` });
    expect(await createAnnals().headers()).toEqual({ Authorization: `Bearer ${jwt('anon')}` });
    expect(server.asked('/aui/v1/auth/tokens/anonymous')).toHaveLength(1);
    expect(JSON.parse(server.asked('/aui/v1/auth/tokens/refresh')[0]?.body ?? '')).toEqual({ refresh_token: 'refresh_0' });
  });

  it('never turns into a new identity because the server is down for a moment', async () => {
    const server = await serve({ 'POST /aui/v1/auth/tokens': json({}, 503) });
    stubBrowser(server.baseUrl);
    await expect(createAnnals().headers()).rejects.toThrow('503');
    expect(server.asked('/aui/v1/auth/tokens/anonymous')).toEqual([]);
  });

  it('of another origin does not ask for a session', async () => {
    const server = await serve({});
    stubBrowser('https://elsewhere.example');
    expect(await createAnnals({ baseUrl: server.baseUrl }).headers()).toEqual({});
    expect(server.asked('/aui/v1/auth/tokens')).toEqual([]);
  });

  it('is renewed once when the chat refuses it', async () => {
    const tokens = [jwt('old'), jwt('new')];
    let refused = false;
    const server = await serve({
      'POST /aui/api/chat': (req, res) => {
        if (refused) return stream([start, { type: 'finish' }])(req, res);
        refused = true;
        return json({ error: 'expired' }, 401)(req, res);
      },
    });
    const { transport } = createAnnals({ baseUrl: server.baseUrl, getToken: async () => tokens.shift() ?? null });
    await drain(transport);
    expect(server.seen.map((request) => request.authorization)).toEqual([`Bearer ${jwt('old')}`, `Bearer ${jwt('new')}`]);
  });
});

describe('stopping', () => {
  const getToken = async () => jwt('ada');

  it('names the run that the thread is writing, so that a later run is not hit', async () => {
    const server = await serve({ 'POST /aui/api/chat': stream([start], false), 'POST /aui/api/chat/thread_1/stop': json({}) });
    const { transport, stop, resumable } = createAnnals({ baseUrl: server.baseUrl, getToken });
    const reading = await send(transport);
    await reading.getReader().read();
    expect(resumable.getStreamId('thread_1')).toBe('stream_1');
    await Promise.all([stop('thread_1'), stop('thread_1')]);
    expect(server.asked('/aui/api/chat/thread_1/stop').map((request) => request.body)).toEqual(['{"runId":"run_1"}']);
    expect(resumable.getStreamId('thread_1')).toBeNull();
  });

  it('follows from the stop button, but not from other events of the page', async () => {
    const server = await serve({ 'POST /aui/api/chat/thread_1/stop': json({}), 'POST /aui/v1/events': json({}) });
    const { cloud } = createAnnals({ baseUrl: server.baseUrl, getToken });
    cloud.events.track({ kind: 'thread_switched', thread_id: 'thread_2' });
    cloud.events.track({ kind: 'run_stopped', thread_id: 'thread_1' });
    await vi.waitFor(() => expect(server.asked('/aui/api/chat/thread_1/stop')).toHaveLength(1));
    expect(server.seen.filter((request) => request.path.endsWith('/stop'))).toHaveLength(1);
  });

  it('does not follow from a request that was aborted while its reply was being read', async () => {
    const server = await serve({ 'POST /aui/api/chat': stream([start], false), 'GET /aui/v1/threads': json({ threads: [] }) });
    const { transport, cloud } = createAnnals({ baseUrl: server.baseUrl, getToken });
    const leaving = new AbortController();
    await (await send(transport, leaving.signal)).getReader().read();
    leaving.abort();
    await cloud.threads.list();
    expect(server.seen.map((request) => request.path)).toEqual(['/aui/api/chat', '/aui/v1/threads']);
  });
});

describe('the streams to resume', () => {
  it('are found again by another page of the same browser, under the id of the server', () => {
    stubBrowser('https://annals.example');
    const first = createStreamStorage('https://annals.example');
    first.bind('stream_1', 'thread_1');
    first.setStreamId('stream_1', '__LOCALID_1');
    expect(createStreamStorage('https://annals.example').getStreamId('thread_1')).toBe('stream_1');
    first.clear('__LOCALID_1');
    expect(createStreamStorage('https://annals.example').getStreamId('thread_1')).toBeNull();
    expect(first.getStreamId('thread_1')).toBeNull();
  });

  it('are learnt from the metadata of threads, whatever this browser remembers', async () => {
    const server = await serve({
      'GET /aui/v1/threads': json({ threads: [thread({ activeStreamId: 'stream_9' })] }),
      'GET /aui/v1/threads/thread_1': json({ thread: thread({ activeStreamId: null }) }),
    });
    stubBrowser('https://elsewhere.example');
    const { cloud, resumable } = createAnnals({ baseUrl: server.baseUrl, getToken: async () => jwt('ada') });
    const changed = vi.fn();
    resumable.subscribe?.(changed, 'thread_1');
    await cloud.threads.list();
    expect(resumable.getStreamId('thread_1')).toBe('stream_9');
    expect(changed).toHaveBeenCalled();
    await cloud.threads.get('thread_1');
    expect(resumable.getStreamId('thread_1')).toBeNull();
  });

  it('begun by this page are not forgotten because an older answer did not know them', () => {
    const streams = createStreamStorage('https://annals.example');
    streams.bind('stream_1', 'thread_1');
    streams.setStreamId('stream_1', 'thread_1');
    streams.learn('thread_1', null);
    expect(streams.getStreamId('thread_1')).toBe('stream_1');
  });
});

describe('going on by itself', () => {
  const assistant = (...parts: unknown[]) => ({ messages: [user, { id: 'a1', role: 'assistant', parts } as UIMessage] });
  const step = { type: 'step-start' };
  const call = { toolCallId: 'c1', toolName: 'send_mail', input: {} };

  it('happens when every approval was answered', () => {
    const answered = { type: 'dynamic-tool', ...call, state: 'approval-responded', approval: { id: 'p1', approved: true } };
    const open = { type: 'dynamic-tool', ...call, toolCallId: 'c2', state: 'approval-requested', approval: { id: 'p2' } };
    expect(sendAutomaticallyWhen(assistant(step, answered))).toBe(true);
    expect(sendAutomaticallyWhen(assistant(step, answered, open))).toBe(false);
  });

  it('happens when a tool of the browser gave its output, and never for a tool of the server', () => {
    const output = { ...call, state: 'output-available', output: {} };
    expect(sendAutomaticallyWhen(assistant(step, { ...output, type: 'tool-send_mail' }))).toBe(true);
    expect(sendAutomaticallyWhen(assistant(step, { ...output, type: 'dynamic-tool' }))).toBe(false);
  });
});

type Transport = ReturnType<typeof createAnnals>['transport'];

function send(transport: Transport, abortSignal?: AbortSignal) {
  return transport.sendMessages({ chatId: 'thread_1', messages: [user], trigger: 'submit-message', messageId: undefined, abortSignal });
}

async function drain(transport: Transport) {
  for await (const _chunk of await send(transport));
}
