import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { call, chat, cleanUp, contentsOf, newFolder, refusal, startOn, until } from './processes.ts';

cleanUp();
const mib = 1024 * 1024;

/** A small disk of its own; undefined where this user may not mount one. */
function smallDisk(bytes: number): string | undefined {
  const folder = newFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync('umount', ['-l', folder]));
  return folder;
}
const why = 'this user may not mount a disk of its own';

/** Takes what room there is. */
function fillUp(file: string): void {
  const descriptor = openSync(file, 'w');
  try {
    for (const size of [65536, 4096, 1]) for (;;) writeSync(descriptor, Buffer.alloc(size));
  } catch {
    // Full.
  }
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(512));
  } catch {
    closeSync(descriptor);
  }
}

test('on a full disk reads go on, writes answer 503 and are done once when repeated with their keys, and nothing acknowledged is missing', async ({
  skip,
}) => {
  const disk = smallDisk(12 * mib);
  if (disk === undefined) return skip(why);
  const folder = join(disk, 'data');
  const server = await startOnIn(folder, disk);
  const { conversationId } = await chat(server.url, '/echo before\nit is full');
  const ballast = join(disk, 'ballast');
  fillUp(ballast);

  const acknowledged: string[] = [];
  const refused: { key: string; text: string }[] = [];
  const send = (key: string, text: string) =>
    call(
      server.url,
      'POST',
      `/api/conversations/${conversationId}/messages`,
      { parts: [{ type: 'text', text }], reply: false },
      { 'idempotency-key': key },
    );
  for (let count = 0; refused.length < 5 && count < 400; count++) {
    const text = `${count} ${randomBytes(6000).toString('base64')}`;
    const sent = await send(`key ${count}`, text);
    if (sent.status === 201) acknowledged.push(sent.json.messageId);
    else {
      expect(sent).toMatchObject({
        status: 503,
        type: expect.stringContaining('application/problem+json'),
        json: { code: expect.stringMatching(/StoreUnavailable|OutcomeUnknown/) },
      });
      refused.push({ key: `key ${count}`, text });
    }
  }
  expect(refused).toHaveLength(5);
  const opened = await call(server.url, 'POST', '/api/conversations', { title: 'needs a key of its own' }, { 'idempotency-key': 'another' });
  expect(opened.status, JSON.stringify(opened.json)).toBe(503);
  const upload = await fetch(`${server.url}/api/files?filename=big`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', 'idempotency-key': 'file' },
    body: randomBytes(mib),
  });
  expect(upload.status).toBe(503);
  expect((await call(server.url, 'GET', `/api/conversations/${conversationId}`)).status).toBe(200);
  expect((await call(server.url, 'GET', '/health/live')).status).toBe(200);

  rmSync(ballast);
  for (const { key, text } of refused) {
    const first = await send(key, text);
    expect(first.status, JSON.stringify(first.json)).toBe(201);
    expect((await send(key, text)).json.messageId).toBe(first.json.messageId);
    acknowledged.push(first.json.messageId);
  }
  expect((await call(server.url, 'POST', '/api/conversations', { title: 'needs a key of its own' }, { 'idempotency-key': 'another' })).status).toBe(
    201,
  );
  const { streamed } = await chat(server.url, '/echo after\nthere is room again', conversationId);
  expect(streamed).toContain('after');
  await until(async () => (await call(server.url, 'GET', '/health/ready')).status === 200);
  const seen = new Set<string>();
  for (let next: string | undefined = '', path = `/api/conversations/${conversationId}/messages?limit=100`; next !== undefined; ) {
    const page: Awaited<ReturnType<typeof call>> = await call(server.url, 'GET', next === '' ? path : `${path}&after=${encodeURIComponent(next)}`);
    expect(page.status, JSON.stringify(page.json)).toBe(200);
    for (const { id } of page.json.messages) seen.add(id);
    next = page.json.next;
  }
  expect(acknowledged.filter((id) => !seen.has(id))).toEqual([]);
  expect(await server.kill('SIGTERM'), server.output()).toBe(0);
});

test('an answer that the disk cannot hold comes to one end once there is room', async ({ skip }) => {
  const disk = smallDisk(8 * mib);
  if (disk === undefined) return skip(why);
  const folder = join(disk, 'data');
  const server = await startOnIn(folder, disk);
  const { conversationId } = (await call(server.url, 'POST', '/api/conversations', {})).json;
  const sent = await call(server.url, 'POST', `/api/conversations/${conversationId}/messages`, {
    parts: [{ type: 'text', text: '/long 60000\n/pace 1\n' }],
    reply: true,
  });
  const ballast = join(disk, 'ballast');
  await until(async () =>
    JSON.stringify((await call(server.url, 'GET', `/api/conversations/${conversationId}/messages`)).json).includes('streaming'),
  );
  fillUp(ballast);
  await until(async () => (await call(server.url, 'POST', '/api/conversations', { title: randomBytes(150).toString('base64') })).status === 503);
  await call(server.url, 'POST', `/api/runs/${sent.json.runId}/stop`);
  rmSync(ballast);
  await until(async () => (await call(server.url, 'POST', `/api/runs/${sent.json.runId}/stop`)).status !== 503);
  const streamed = await call(server.url, 'GET', `/api/conversations/${conversationId}/runs/${sent.json.runId}/stream`);
  expect(streamed.json.match(/"type":"finish"/g)).toHaveLength(1);
  expect(await server.kill('SIGTERM'), server.output()).toBe(0);
});

test('a folder that cannot be written is named, and so is one without room', async ({ skip }) => {
  const disk = smallDisk(8 * mib);
  if (disk === undefined) return skip(why);
  const folder = join(disk, 'data');
  const server = await startOnIn(folder, disk);
  await chat(server.url, '/echo something');
  expect(await server.kill('SIGTERM')).toBe(0);
  const before = contentsOf(folder);
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  expect(await refusal(folder)).toMatch(/cannot be written by this user: change its owner or rights, or give another folder/);
  execFileSync('mount', ['-o', 'remount,rw', disk]);
  expect(contentsOf(folder)).toEqual(before);
  fillUp(join(disk, 'ballast'));
  expect(await refusal(folder)).toMatch(/full: free some space/);
  expect(contentsOf(folder)).toEqual(before);
  rmSync(join(disk, 'ballast'));
  const again = await startOn(folder);
  expect(await again.kill('SIGTERM')).toBe(0);
});

/** The data folder is made by the server. */
async function startOnIn(folder: string, disk: string) {
  execFileSync('mkdir', ['-m', '700', folder], { cwd: disk });
  return startOn(folder);
}
