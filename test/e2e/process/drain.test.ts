import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { ServerProcess } from '../../harness/server-process.ts';
import { call, chat, cleanUp, filesOf, newFolder, startOn, textsOf, until } from './processes.ts';

cleanUp();

/** A run that is streaming: its first words have come. */
async function streaming(
  url: string,
  text: string,
): Promise<{ conversationId: string; items: () => { type: string; outcome?: string }[]; ended: Promise<void> }> {
  const { conversationId } = (await call(url, 'POST', '/api/conversations', {})).json;
  const { runId } = (await call(url, 'POST', `/api/conversations/${conversationId}/messages`, { parts: [{ type: 'text', text }], reply: true })).json;
  const response = await fetch(`${url}/api/conversations/${conversationId}/runs/${runId}/stream`);
  let said = '';
  const ended = (async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) said += chunk;
  })();
  const items = () => said.split('\n\n').flatMap((frame) => (frame.startsWith('data: {') ? [JSON.parse(frame.slice(6))] : []));
  await until(() => items().some(({ type }) => type === 'text'));
  return { conversationId, items, ended };
}

/** Views may still be on their way when a server has just started. */
async function readMessages(url: string, conversationId: string): ReturnType<typeof call> {
  const read = () => call(url, 'GET', `/api/conversations/${conversationId}/messages`);
  await until(async () => (await read()).status === 200);
  return read();
}

const isListening = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => resolve(true));
    socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
  });

/** Nothing is left: no listener, no address, no write-ahead log that a clean end would have moved into its file. */
async function expectGone(server: ServerProcess, folder: string): Promise<void> {
  expect(await isListening(server.url)).toBe(false);
  expect(filesOf(folder).filter((file) => /(\/address|-wal|-shm)$/.test(file))).toEqual([]);
}

test('SIGTERM lets a streaming answer come to its end, ends feeds and paused streams at once, and waits for no idle connection', async () => {
  const folder = newFolder();
  const server = await startOn(folder);
  const agent = new Agent({ keepAlive: true });
  await new Promise<void>((done, fail) => get(`${server.url}/health/live`, { agent }, (res) => res.resume().on('end', done)).on('error', fail));
  const feed = await fetch(`${server.url}/api/events`);
  const feedEnded = feed.text();
  await chat(server.url, '/call postcard {"to":"somebody"}');
  const { conversationId, items, ended } = await streaming(server.url, '/long 40\n/pace 20\n');
  const exit = server.kill('SIGTERM');
  await feedEnded;
  await ended;
  expect(items().at(-1)).toMatchObject({ type: 'finish', outcome: 'completed' });
  expect(await exit, server.output()).toBe(0);
  agent.destroy();
  await expectGone(server, folder);
  const again = await startOn(folder);
  const [answer] = (await readMessages(again.url, conversationId)).json.messages;
  expect(answer).toMatchObject({ role: 'assistant', status: 'completed' });
  expect(await again.kill('SIGTERM')).toBe(0);
});

test.each([
  ['when ANNALS_DRAIN is over', '100', 1],
  ['at once on a second SIGTERM', '600000', 2],
])('a long answer becomes interrupted %s, with what it has said, and the exit code is 0', async (_when, drain, signals) => {
  const folder = newFolder();
  const server = await startOn(folder, { ANNALS_DRAIN: drain });
  const { conversationId, items, ended } = await streaming(server.url, '/long 100000\n/pace 20\n');
  const exit = once(server.process, 'exit');
  server.process.kill('SIGTERM');
  await until(async () => !(await isListening(server.url)));
  if (signals === 2) server.process.kill('SIGTERM');
  await ended;
  expect(items().at(-1)).toMatchObject({ type: 'finish', outcome: 'interrupted' });
  expect(await exit, server.output()).toEqual([0, null]);
  await expectGone(server, folder);
  const again = await startOn(folder);
  const messages = await readMessages(again.url, conversationId);
  expect(messages.json.messages[0]).toMatchObject({ role: 'assistant', status: 'interrupted' });
  expect(textsOf(messages).length).toBeGreaterThan(20);
  expect(await again.kill('SIGTERM')).toBe(0);
});

test('SIGTERM during start ends in order, whenever it comes', async () => {
  const main = fileURLToPath(new URL('../../../src/main.js', import.meta.url));
  for (const file of ['lock.db', 'events.db', 'keys.db', 'views.db']) {
    const folder = newFolder();
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'start', '--port', '0', '--data', folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const exit = once(child, 'exit');
    await until(() => existsSync(join(folder, file)));
    child.kill('SIGTERM');
    expect(await exit, `${file}: ${err}`).toEqual([0, null]);
    expect(err).toBe('');
    expect(filesOf(folder).filter((each) => /(-wal|-shm)$/.test(each))).toEqual([]);
  }
});
