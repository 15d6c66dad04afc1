import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { type Part, reply, type Script } from './mock-replies.ts';

/* A stand-in for the real server, in memory, for working on the web app alone. */

interface Row {
  id: string;
  parentId: string | null;
  content: { role: string; parts: Part[]; metadata: Record<string, unknown> };
  at: number;
}
interface Run {
  id: string;
  streamId: string;
  threadId: string;
  frames: string[];
  done: boolean;
  stopped: boolean;
  wake: Set<() => void>;
}
interface Thread {
  id: string;
  title: string | null;
  archived: boolean;
  trashed: boolean;
  createdAt: number;
  lastAt: number;
  rows: Map<string, Row>;
  head: string | null;
  run: Run | null;
  log: { type: string; data: object; time: string }[];
}

const wwwTypes: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const csp = "default-src 'self'; connect-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'";
const iso = (time: number) => new Date(time).toISOString();
const token = () => `x.${Buffer.from(JSON.stringify({ sub: 'local', exp: Math.floor(Date.now() / 1000) + 3600 })).toString('base64url')}.y`;

export async function startMockServer({ port = 0, dist }: { port?: number; dist?: string } = {}) {
  const threads = new Map<string, Thread>();
  const runs = new Map<string, Run>();
  const files = new Map<string, { bytes: Buffer; type: string }>();
  const stops: { threadId: string; runId?: string }[] = [];
  const chats: Record<string, unknown>[] = [];

  const newThread = (): Thread => {
    const now = Date.now();
    const thread: Thread = {
      id: `thread_${randomUUID()}`,
      title: null,
      archived: false,
      trashed: false,
      createdAt: now,
      lastAt: now,
      rows: new Map(),
      head: null,
      run: null,
      log: [],
    };
    threads.set(thread.id, thread);
    note(thread, 'ConversationStarted', {});
    return thread;
  };
  const note = (thread: Thread, type: string, data: object) => thread.log.push({ type, data, time: iso(Date.now()) });
  const threadJson = (thread: Thread) => ({
    id: thread.id,
    project_id: 'project_1',
    workspace_id: 'workspace_1',
    title: thread.title,
    external_id: null,
    metadata: { activeStreamId: thread.run && !thread.run.done ? thread.run.streamId : null },
    is_archived: thread.archived,
    created_at: iso(thread.createdAt),
    updated_at: iso(thread.lastAt),
    last_message_at: iso(thread.lastAt),
  });
  const put = (thread: Thread, row: Row) => {
    thread.rows.set(row.id, row);
    thread.head = row.id;
    thread.lastAt = Date.now();
    return row;
  };
  const height = (thread: Thread, row: Row): number =>
    row.parentId ? 1 + height(thread, thread.rows.get(row.parentId) ?? { ...row, parentId: null }) : 0;

  async function chat(req: IncomingMessage, res: ServerResponse) {
    const body = JSON.parse((await bytes(req)).toString());
    chats.push(body);
    const thread = threads.get(body.id);
    if (!thread) return send(res, 404, 'No such conversation');
    const last = body.messages.at(-1);
    let parent: string | null = body.messages.at(-2)?.id ?? null;
    let row: Row | undefined;
    if (last.role === 'user') {
      if (!thread.rows.has(last.id)) {
        put(thread, { id: last.id, parentId: parent, content: { role: 'user', parts: last.parts, metadata: last.metadata ?? {} }, at: Date.now() });
        note(thread, 'MessageAdded', { messageId: last.id, role: 'user', text: last.parts.find((part: Part) => part.type === 'text')?.text });
      }
      parent = last.id;
    } else {
      row = thread.rows.get(last.id);
      if (row) row.content.parts = last.parts;
    }
    const asked =
      body.messages.findLast((message: { role: string }) => message.role === 'user')?.parts.find((part: Part) => part.type === 'text')?.text ?? '';
    const siblings = [...thread.rows.values()].filter((other) => other.parentId === parent && other.content.role === 'assistant').length;
    const script = reply(String(asked), row?.content.parts ?? [], siblings);
    if (script.status) return send(res, script.status, script.message ?? 'Broken');
    const runId = `run_${randomUUID()}`;
    row ??= put(thread, { id: `msg_${randomUUID()}`, parentId: parent, content: { role: 'assistant', parts: [], metadata: {} }, at: Date.now() });
    row.content.metadata = { custom: { runId }, modelId: body.model ?? 'demo' };
    const run: Run = { id: runId, streamId: `stream_${runId}`, threadId: thread.id, frames: [], done: false, stopped: false, wake: new Set() };
    thread.run = run;
    runs.set(run.streamId, run);
    note(thread, 'RunStarted', { runId, model: body.model ?? 'demo' });
    void play(thread, row, run, script);
    res.setHeader('x-resumable-stream-id', run.streamId);
    await follow(run, res);
  }

  async function play(thread: Thread, row: Row, run: Run, script: Script) {
    const emit = (chunk: Record<string, unknown>) => {
      run.frames.push(`data: ${JSON.stringify(chunk)}\n\n`);
      for (const wake of run.wake) wake();
    };
    emit({ type: 'start', messageId: row.id, messageMetadata: row.content.metadata });
    emit({ type: 'start-step' });
    row.content.parts.push({ type: 'step-start' });
    for (const step of script.steps ?? []) {
      if (run.stopped) break;
      if (step.wait) await new Promise((resolve) => setTimeout(resolve, step.wait));
      if (step.chunk) emit(step.chunk);
      step.apply?.(row.content.parts);
    }
    for (const part of row.content.parts) if (part.state === 'streaming') part.state = 'done';
    if (run.stopped) {
      row.content.metadata = { ...row.content.metadata, custom: { runId: run.id, outcome: 'cancelled' } };
      emit({ type: 'abort' });
      emit({ type: 'finish', finishReason: 'stop', messageMetadata: row.content.metadata });
    } else {
      emit({ type: 'finish-step' });
      emit({ type: 'finish', finishReason: 'stop', messageMetadata: { usage: { inputTokens: 12, outputTokens: 34 } } });
    }
    run.frames.push('data: [DONE]\n\n');
    run.done = true;
    note(thread, run.stopped ? 'RunStopped' : 'RunFinished', {
      runId: run.id,
      usage: { inputTokens: 12, outputTokens: 34 },
      text: row.content.parts
        .filter((part) => part.type === 'text')
        .map((part) => part.text)
        .join(''),
    });
    for (const wake of run.wake) wake();
  }

  async function follow(run: Run, res: ServerResponse) {
    res.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-vercel-ai-ui-message-stream': 'v1',
      'x-resumable-stream-id': run.streamId,
    });
    for (let at = 0; !res.destroyed; ) {
      for (; at < run.frames.length; at++) res.write(run.frames[at]);
      if (run.done) break;
      await new Promise<void>((resolve) => {
        const wake = () => {
          run.wake.delete(wake);
          resolve();
        };
        run.wake.add(wake);
        res.once('close', wake);
      });
    }
    res.end();
  }

  async function route(req: IncomingMessage, res: ServerResponse): Promise<unknown> {
    const url = new URL(req.url ?? '/', 'http://localhost');
    const path = url.pathname;
    const is = (method: string, pattern: RegExp) => (req.method === method ? pattern.exec(path) : null);
    const json = async () => JSON.parse((await bytes(req)).toString() || '{}');
    let m: RegExpExecArray | null = null;
    if (is('POST', /^\/aui\/v1\/auth\/tokens$/)) return send(res, 200, { token: token() });
    if (is('POST', /^\/aui\/v1\/auth\/tokens\/(anonymous|refresh)$/))
      return send(res, 200, { access_token: token(), refresh_token: { token: 'refresh_0', expires_at: iso(Date.now() + 1e9) } });
    if (is('GET', /^\/aui\/v1\/threads$/)) {
      const archived = url.searchParams.get('is_archived') === 'true';
      const found = [...threads.values()].filter((thread) => thread.archived === archived && !thread.trashed).sort((a, b) => b.lastAt - a.lastAt);
      const after = found.findIndex((thread) => thread.id === url.searchParams.get('after'));
      return send(res, 200, { threads: found.slice(after + 1, after + 21).map(threadJson) });
    }
    if (is('POST', /^\/aui\/v1\/threads$/)) return send(res, 201, { thread_id: newThread().id });
    m = /^\/aui\/v1\/threads\/([^/]+)(\/.*)?$/.exec(path);
    if (m) {
      const thread = threads.get(decodeURIComponent(m[1] ?? ''));
      if (!thread || thread.trashed) return send(res, 404, { error: 'not_found', message: 'No such conversation' });
      if (!m[2] && req.method === 'GET') return send(res, 200, { thread: threadJson(thread) });
      if (!m[2] && req.method === 'PUT') {
        const { title, is_archived } = await json();
        if (title !== undefined) thread.title = title;
        if (is_archived !== undefined) thread.archived = is_archived;
        note(thread, title === undefined ? (is_archived ? 'ConversationArchived' : 'ConversationUnarchived') : 'ConversationRenamed', { title });
        return send(res, 200, {});
      }
      if (!m[2] && req.method === 'DELETE') {
        thread.trashed = true;
        note(thread, 'ConversationTrashed', {});
        return send(res, 200, {});
      }
      if (m[2] === '/messages' && req.method === 'GET') {
        const chain: string[] = [];
        for (let at = thread.head; at; at = thread.rows.get(at)?.parentId ?? null) chain.push(at);
        const rows = [...thread.rows.values()].sort(
          (a, b) => Number(b.id === thread.head) - Number(a.id === thread.head) || height(thread, b) - height(thread, a) || b.at - a.at,
        );
        return send(res, 200, {
          messages: rows.map((row) => ({
            id: row.id,
            parent_id: row.parentId,
            height: height(thread, row),
            created_at: iso(row.at),
            updated_at: iso(row.at),
            format: 'ai-sdk/v6',
            content: row.content,
          })),
        });
      }
      if (m[2] === '/messages' && req.method === 'POST') {
        const body = await json();
        const runId = body.content.metadata?.custom?.runId;
        const same = [...thread.rows.values()].find((row) =>
          runId
            ? JSON.stringify(row.content.metadata).includes(runId)
            : row.content.role === 'user' && row.parentId === body.parent_id && textOf(row.content.parts) === textOf(body.content.parts),
        );
        return send(res, 201, {
          message_id: (same ?? put(thread, { id: `msg_${randomUUID()}`, parentId: body.parent_id, content: body.content, at: Date.now() })).id,
        });
      }
      if (/\/feedback$/.test(m[2] ?? '')) {
        const body = await json();
        const row = thread.rows.get(/messages\/([^/]+)/.exec(m[2] ?? '')?.[1] ?? '');
        if (row) row.content.metadata.submittedFeedback = { type: body.type };
        note(thread, 'FeedbackGiven', body);
        return send(res, 200, { feedback_id: 'fb_1', type: body.type });
      }
      if (req.method === 'PUT') return send(res, 200, {});
    }
    if (is('POST', /^\/aui\/v1\/runs\/stream$/)) {
      const body = await json();
      const thread = threads.get(body.thread_id);
      const title = thread?.title ?? String(body.messages?.[0]?.content?.[0]?.text ?? 'New chat').slice(0, 48);
      if (thread) thread.title = title;
      res.writeHead(200, { 'content-type': 'text/plain' });
      return res.end(title);
    }
    if (is('POST', /^\/aui\/v1\/runs$/)) return send(res, 200, { run_id: 'run_report' });
    if (is('POST', /^\/aui\/v1\/events$/)) return send(res, 202, { accepted: 1 });
    if (is('POST', /generate-presigned-upload-url$/)) {
      const key = `/files/${randomUUID()}`;
      const at = `http://${req.headers.host}${key}`;
      return send(res, 200, { success: true, signedUrl: at, publicUrl: at, expiresAt: iso(Date.now() + 1e6), key });
    }
    if (is('PUT', /^\/files\//)) {
      files.set(path, { bytes: await bytes(req), type: req.headers['content-type'] ?? 'application/octet-stream' });
      return send(res, 200, {});
    }
    const file = files.get(path);
    if (file) return res.writeHead(200, { 'content-type': file.type }).end(file.bytes);
    if (is('POST', /^\/aui\/api\/chat$/)) return chat(req, res);
    m = is('POST', /^\/aui\/api\/chat\/([^/]+)\/stop$/);
    if (m) {
      const body = await json();
      stops.push({ threadId: m[1] ?? '', ...body });
      const run = threads.get(m[1] ?? '')?.run;
      if (run && !run.done && (!body.runId || body.runId === run.id)) run.stopped = true;
      return send(res, 200, {});
    }
    m = is('GET', /^\/aui\/api\/chat\/resume\/([^/]+)$/);
    if (m) {
      const run = runs.get(m[1] ?? '');
      return run && !run.done ? follow(run, res) : send(res, 404, 'Nothing to resume');
    }
    if (path === '/api/models') {
      return send(res, 200, {
        models: [
          { id: 'annals-demo', provider: 'Annals', name: 'Demo', local: true },
          { id: 'gpt-5', provider: 'OpenAI', name: 'GPT-5', local: false },
          { id: 'qwen3', provider: 'Ollama', name: 'Qwen 3 8B', local: true },
        ],
        default: 'annals-demo',
      });
    }
    if (path === '/api/conversations')
      return send(res, 200, {
        conversations: [...threads.values()]
          .filter((thread) => thread.trashed)
          .map((thread) => ({ id: thread.id, title: thread.title, trashedAt: iso(thread.lastAt) })),
      });
    m = is('POST', /^\/api\/conversations\/([^/]+)\/restore$/);
    if (m) {
      const thread = threads.get(m[1] ?? '');
      if (thread) {
        thread.trashed = false;
        note(thread, 'ConversationRestored', {});
      }
      return send(res, thread ? 200 : 404, {});
    }
    m = is('GET', /^\/api\/conversations\/([^/]+)\/events$/);
    if (m) {
      const thread = threads.get(m[1] ?? '');
      if (!thread) return send(res, 404, { error: 'not_found', message: 'No such conversation' });
      return send(res, 200, {
        events: thread.log.map((event, at) => ({
          id: `evt_${thread.id.slice(7, 15)}_${at}`,
          type: event.type,
          version: 1,
          stream: /^Run/.test(event.type) ? `run-${thread.id}` : `conversation-${thread.id}`,
          revision: String(at),
          position: String(1000 + at * 3).padStart(20, '0'),
          time: event.time,
          actor: /^Run/.test(event.type) ? 'service_reply' : 'person_local',
          commandId: `cmd_${Math.ceil(at / 2)}`,
          correlationId: `cor_${Math.ceil(at / 4)}`,
          causationId: at ? `evt_${thread.id.slice(7, 15)}_${at - 1}` : `cmd_0`,
          leaf: randomUUID().replaceAll('-', '').repeat(2),
          data: event.data,
        })),
      });
    }
    if (dist && (path === '/' || path.startsWith('/app'))) {
      if (path === '/') return res.writeHead(302, { location: '/app/' }).end();
      const name = extname(path) ? path.slice(5) : 'index.html';
      const content = await readFile(join(dist, name)).catch(() => null);
      if (!content) return send(res, 404, 'Not found');
      return res
        .writeHead(200, { 'content-type': wwwTypes[extname(name)] ?? 'application/octet-stream', 'content-security-policy': csp })
        .end(content);
    }
    return send(res, 404, { error: 'not_found', message: `Nothing at ${path}` });
  }

  const server = createServer((req, res) => {
    route(req, res).catch((error) => {
      console.error(error);
      if (!res.headersSent) send(res, 500, String(error));
      else res.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: bound } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${bound}`,
    stops,
    chats,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const textOf = (parts: Part[]) => parts.find((part) => part.type === 'text')?.text;

async function bytes(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function send(res: ServerResponse, status: number, body: string | object) {
  res.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' });
  res.end(typeof body === 'string' ? body : JSON.stringify(body));
}

if (process.argv[1] === import.meta.filename) {
  const { baseUrl } = await startMockServer({ port: Number(process.argv[2] ?? 4418), dist: 'web/dist' });
  console.log(`mock on ${baseUrl}/app/`);
}
