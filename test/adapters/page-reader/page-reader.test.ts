import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGuardedFetch } from '../../../src/adapters/guarded-fetch/index.ts';
import { createPageReader } from '../../../src/adapters/page-reader/index.ts';

const paragraph = 'A cat sleeps sixteen hours a day, and nobody has ever found out why it should not. '.repeat(6);
const pages: Readonly<Record<string, [type: string, body: string]>> = {
  '/article': [
    'text/html; charset=utf-8',
    `<html><head><title>Cats</title><style>p{}</style></head><body><nav><a href="/x">Menu</a></nav><article><h1>Cats</h1><h2>Sleep</h2><p>${paragraph}</p><p>${paragraph}<b>bold</b></p><ul><li>one</li></ul><script>alert(1)</script><img src="data:image/png;base64,AAAA" alt="A cat"></article></body></html>`,
  ],
  '/plain': ['text/plain', 'plain & simple'],
  '/json': ['application/json', '{"a":1}'],
  '/short': ['text/html', '<p>Only this</p>'],
  '/nothing': ['text/html', ''],
  '/picture': ['image/png', 'x'],
  '/deep': ['text/html', `${'<div>'.repeat(5000)}deep${'</div>'.repeat(5000)}`],
  '/endless': ['text/html', `<p>${'word '.repeat(600_000)}</p>`],
};
let server: Server;
let base: string;
let hits = 0;
beforeAll(async () => {
  server = createServer((req, res) => {
    hits++;
    if (req.url === '/away') return res.writeHead(302, { location: '/plain' }).end();
    const [type, body] = pages[req.url ?? ''] ?? [];
    if (type === undefined) return res.writeHead(404).end();
    return res.writeHead(200, { 'content-type': type }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((closed) => server.close(closed)));

const read = createPageReader(createGuardedFetch({ allow: ['127.0.0.1'] }).fetch);
const page = (path: string) => read(base + path, { signal: AbortSignal.timeout(20_000) });

test('an article comes as Markdown, without what stands around it', async () => {
  const { title, text, url } = await page('/article');
  expect([title, url]).toEqual(['Cats', `${base}/article`]);
  expect(text).toContain('## Sleep');
  expect(text).toContain('**bold**');
  expect(text).toContain('one');
  expect(text).not.toMatch(/alert|Menu|base64|<p>/);
});

test('texts come as they are, short pages whole, and where a page leads to is said', async () => {
  expect(await page('/plain')).toMatchObject({ text: 'plain & simple' });
  expect(await page('/json')).toMatchObject({ text: '{"a":1}' });
  expect(await page('/short')).toMatchObject({ text: 'Only this' });
  expect(await page('/nothing')).toMatchObject({ text: '' });
  expect(await page('/away')).toMatchObject({ url: `${base}/plain` });
});

test('what is no text, or is not there, is told', async () => {
  for (const path of ['/picture', '/none']) await expect(page(path)).rejects.toMatchObject({ name: 'PageUnreadable' });
});

test('a page made to keep a reader busy is read, or given up, in seconds', async () => {
  for (const path of ['/deep', '/endless']) {
    const before = performance.now();
    await page(path).catch((error: Error) => expect(error.name).toBe('PageUnreadable'));
    expect(performance.now() - before).toBeLessThan(15_000);
  }
});

test('nothing in this machine’s own network is reached, in whatever spelling', async () => {
  const guarded = createPageReader(createGuardedFetch().fetch);
  const { port } = server.address() as AddressInfo;
  const before = hits;
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '0x7f000001', '2130706433', '[::ffff:7f00:1]', '0.0.0.0', '127.1'])
    await expect(guarded(`http://${host}:${port}/plain`, { signal: AbortSignal.timeout(5000) }), host).rejects.toMatchObject({
      name: 'PageUnreadable',
    });
  for (const url of ['file:///etc/passwd', 'http://169.254.169.254/latest', 'data:text/plain,x'])
    await expect(guarded(url, { signal: AbortSignal.timeout(5000) }), url).rejects.toMatchObject({ name: 'PageUnreadable' });
  expect(hits).toBe(before);
});
