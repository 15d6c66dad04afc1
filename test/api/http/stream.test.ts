import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { sendStream, sse, sseHeaders } from '../../../src/api/http/stream.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function serve(handle: (res: ServerResponse) => void): Promise<number> {
  const server = createServer((_req, res) => handle(res));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const never = new AbortController().signal;
async function* counting(to: number) {
  for (let count = 0; count < to; count++) yield sse({ count }, String(count));
}

test('frames come as they are, in order, and the answer ends with them', async () => {
  const port = await serve((res) => void sendStream(res, { headers: sseHeaders, signal: never, frames: counting(1000) }));
  const answer = await fetch(`http://127.0.0.1:${port}`);
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(answer.headers.get('cache-control')).toContain('no-cache');
  expect(await answer.text()).toBe(Array.from({ length: 1000 }, (_, count) => `id: ${count}\ndata: {"count":${count}}\n\n`).join(''));
});

test('the headers come before the first frame', async () => {
  const until = new AbortController();
  const port = await serve((res) => void sendStream(res, { headers: sseHeaders, signal: until.signal, frames: waiting(until.signal) }));
  expect((await fetch(`http://127.0.0.1:${port}`)).status).toBe(200);
  until.abort();
});

async function* waiting(signal: AbortSignal): AsyncGenerator<string> {
  if (!signal.aborted) await once(signal, 'abort');
  yield '';
}

test('a silent stream is kept alive by comments', async () => {
  const until = new AbortController();
  const port = await serve(
    (res) => void sendStream(res, { headers: sseHeaders, signal: until.signal, frames: waiting(until.signal), keepAliveMs: 5 }),
  );
  const reader = (await fetch(`http://127.0.0.1:${port}`)).body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toContain(': keep-alive\n\n');
  expect((await reader?.read())?.value).toContain(': keep-alive\n\n');
  until.abort();
});

test('the signal ends the answer properly, though the frames go on', async () => {
  const until = new AbortController();
  const port = await serve((res) => void sendStream(res, { headers: sseHeaders, signal: until.signal, frames: endless() }));
  const answer = await fetch(`http://127.0.0.1:${port}`);
  setImmediate(() => until.abort());
  expect(await answer.text()).toMatch(/^(data: 1\n\n)*$/);
});

async function* endless(): AsyncGenerator<string> {
  for (;;) {
    yield 'data: 1\n\n';
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a client that goes away ends the reading', async () => {
  let over: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (over = resolve));
  const frames = async function* () {
    try {
      yield* endless();
    } finally {
      over();
    }
  };
  const port = await serve((res) => void sendStream(res, { headers: sseHeaders, signal: never, frames: frames() }));
  const leaving = new AbortController();
  const answer = await fetch(`http://127.0.0.1:${port}`, { signal: leaving.signal });
  await answer.body?.getReader().read();
  leaving.abort();
  await ended;
});

test('frames that break cut the answer off, so that nobody takes it for whole', async () => {
  const frames = async function* () {
    yield 'data: 1\n\n';
    throw new Error('lost');
  };
  let failure: unknown;
  const port = await serve(
    (res) => void sendStream(res, { headers: sseHeaders, signal: never, frames: frames() }).catch((error: unknown) => (failure = error)),
  );
  await expect(fetch(`http://127.0.0.1:${port}`).then((answer) => answer.text())).rejects.toThrow();
  expect(failure).toMatchObject({ message: 'lost' });
});

test('nothing is read ahead of a reader that takes nothing, and in the end it is cut off', async () => {
  const frame = 'x'.repeat(64 * 1024);
  let given = 0;
  const frames = async function* () {
    for (;;) {
      given++;
      yield frame;
    }
  };
  const sending = Promise.withResolvers<void>();
  const port = await serve(
    (res) => void sendStream(res, { headers: sseHeaders, signal: never, frames: frames(), stallMs: 100 }).then(sending.resolve),
  );
  const answer = await new Promise<IncomingMessage>((resolve) =>
    request({ port, host: '127.0.0.1' }, resolve)
      .on('error', () => undefined)
      .end(),
  );
  answer.on('error', () => undefined).pause();
  await sending.promise;
  expect(given * frame.length).toBeLessThan(20 * 1024 * 1024);
  answer.destroy();
});
