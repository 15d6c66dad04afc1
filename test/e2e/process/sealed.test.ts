import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { findTexts, formsOf } from './canaries.ts';
import { call, chat, cleanUp, copyOf, newFolder, startOn, until } from './processes.ts';

cleanUp();
/** What they all begin with: whoever looks for it looks for all of them. */
const EVERY = 'canary "';
/** No random text comes twice, and none is found by chance. */
const canary = (what: string): string => `${EVERY}${what}" ${randomBytes(9).toString('base64')} ÄÖ`;

test('the scanner finds what is planted, in every form and packed', () => {
  const folder = newFolder();
  const text = canary('planted');
  for (const [name, bytes] of formsOf(text)) {
    writeFileSync(join(folder, 'file'), Buffer.concat([randomBytes(1001), bytes, randomBytes(1001)]));
    expect(findTexts(folder, [text]), name).not.toEqual([]);
  }
  for (const before of ['', 'a', 'ab']) {
    writeFileSync(join(folder, 'file'), Buffer.from(`${before}${text}!`).toString('base64'));
    expect(findTexts(folder, [text])).not.toEqual([]);
  }
  for (const pack of [gzipSync, deflateSync]) {
    writeFileSync(join(folder, 'file'), Buffer.concat([randomBytes(101), pack(Buffer.from(`${'long '.repeat(99)}${text}`)), randomBytes(101)]));
    expect(findTexts(folder, [text])).not.toEqual([]);
  }
  writeFileSync(join(folder, 'file'), randomBytes(100_000));
  expect(findTexts(folder, [text])).toEqual([]);
});

/** One conversation with a canary in every place that a person's words can get to. */
async function fill(url: string, name: string): Promise<{ conversationId: string; fileId: string; canaries: string[] }> {
  const canaries: string[] = [];
  const plant = (what: string): string => {
    const text = canary(`${what} ${name}`);
    canaries.push(text);
    return text;
  };
  const ok = async (method: string, path: string, body?: unknown): Promise<Record<string, string>> => {
    const answer = await call(url, method, path, body);
    expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.json)}`).toBeLessThan(300);
    return answer.json;
  };
  const { conversationId = '' } = await ok('POST', '/api/conversations', { title: plant('first title'), metadata: { note: plant('metadata') } });
  const at = `/api/conversations/${conversationId}`;
  await ok('PUT', `${at}/title`, { title: plant('title') });
  await ok('PUT', `${at}/metadata`, { metadata: { note: plant('later metadata') } });
  const upload = await fetch(`${url}/api/files?filename=${encodeURIComponent(plant('file name'))}`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: Buffer.from(`${plant('attachment')} and some more`),
  });
  expect(upload.status).toBe(201);
  const { fileId } = (await upload.json()) as { fileId: string };
  const first = await ok('POST', `${at}/messages`, {
    parts: [
      { type: 'text', text: `/think ${plant('thought')}\n/echo ${plant('answer')}\n${plant('message')}` },
      { type: 'file', fileId, filename: plant('name of part'), mediaType: 'text/plain' },
    ],
    reply: true,
  });
  await call(url, 'GET', `${at}/runs/${first.runId}/stream`);
  await ok('PUT', `${at}/messages/${first.replyId}/feedback`, { rating: 'negative', comment: plant('feedback') });
  await chat(url, `/call postcard ${JSON.stringify({ to: plant('tool input') })}`, conversationId);
  return { conversationId, fileId, canaries };
}

test('no word of a person stands in any file, while twenty chats run and after; a conversation deleted for good is unreadable in every older copy', async () => {
  const folder = newFolder();
  const server = await startOn(folder);
  const chats = Promise.all(Array.from({ length: 20 }, (_, index) => fill(server.url, `${index}`)));
  let over = false;
  chats.finally(() => (over = true)).catch(() => undefined);
  for (; !over; await sleep(200)) expect(findTexts(folder, [EVERY])).toEqual([]);
  const filled = await chats;
  expect(findTexts(folder, [EVERY])).toEqual([]);
  const [gone, kept] = filled;
  if (!gone || !kept) throw new Error('Nothing was filled.');

  const seen = async (url: string, { conversationId, fileId }: typeof gone): Promise<string> => {
    const paths = [
      `/api/conversations/${conversationId}`,
      `/api/conversations/${conversationId}/messages`,
      `/api/conversations/${conversationId}/events`,
      '/api/conversations',
      `/api/files/${fileId}`,
      `/api/files/${fileId}/content`,
    ];
    return (await Promise.all(paths.map(async (path) => (await fetch(url + path)).text()))).join('\n');
  };
  const readable = (text: string, of: typeof gone): string[] =>
    of.canaries.filter((each) => text.includes(each) || text.includes(JSON.stringify(each).slice(1, -1)));
  const before = await seen(server.url, gone);
  expect(
    readable(before, gone).length,
    `of ${gone.canaries.length}: ${gone.canaries.filter((each) => !readable(before, gone).includes(each)).join()}`,
  ).toBeGreaterThan(8);

  expect(await server.kill('SIGTERM'), server.output()).toBe(0);
  expect(findTexts(folder, [EVERY])).toEqual([]);
  const backup = copyOf(folder);
  const deleting = await startOn(folder);
  expect((await call(deleting.url, 'DELETE', `/api/conversations/${gone.conversationId}?forever=true`)).status).toBe(200);
  await until(async () => (await call(deleting.url, 'GET', `/api/files/${gone.fileId}`)).status === 404);
  expect(await deleting.kill('SIGTERM')).toBe(0);

  // The copy taken before, with the vault of now: what a restore looks like.
  const restored = copyOf(backup);
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(restored, `keys.db${suffix}`), { force: true });
  cpSync(join(folder, 'keys.db'), join(restored, 'keys.db'));
  const other = await startOn(restored);
  const text = await seen(other.url, gone);
  expect(text).toContain('[erased]');
  expect(readable(text, gone)).toEqual([]);
  expect(readable(await seen(other.url, kept), kept).length).toBeGreaterThan(8);
  expect(await other.kill('SIGTERM')).toBe(0);
  expect(findTexts(restored, [EVERY])).toEqual([]);

  // The vault of before under the log of now: it erases again before it opens anything.
  const rolledBack = copyOf(folder);
  cpSync(join(backup, 'keys.db'), join(rolledBack, 'keys.db'));
  const again = await startOn(rolledBack);
  expect(again.output()).toMatch(/applied \d+ erasures again/);
  expect(await again.kill('SIGTERM')).toBe(0);
  const once = copyOf(backup);
  cpSync(join(rolledBack, 'keys.db'), join(once, 'keys.db'));
  const last = await startOn(once);
  expect(readable(await seen(last.url, gone), gone)).toEqual([]);
  expect(await last.kill('SIGTERM')).toBe(0);
  expect(existsSync(join(folder, 'keys.db-wal'))).toBe(false);
});
