import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBrave } from '../../../src/adapters/web-search/brave.ts';
import { createSearxng } from '../../../src/adapters/web-search/searxng.ts';
import { createTavily } from '../../../src/adapters/web-search/tavily.ts';

let server: Server;
let base: string;
let seen: { url: string; headers: IncomingMessage['headers']; body: string };
let answer: { status: number; body: string };
beforeAll(async () => {
  server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    seen = { url: `${req.method} ${req.url}`, headers: req.headers, body };
    res.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((closed) => server.close(closed)));

const good = { title: 'A <b>cat</b>', url: 'https://example.com/cat' };
const bad = { title: 'x', url: 'javascript:alert(1)' };
const found = [{ title: 'A cat', url: 'https://example.com/cat', snippet: 'purrs' }];
const options = { count: 3, signal: AbortSignal.timeout(10_000) };

const services = [
  {
    name: 'SearXNG',
    search: () => createSearxng(`${base}/searx`),
    results: { results: [bad, { ...good, content: 'purrs' }] },
    asked: () => {
      expect(seen.url).toBe('GET /searx/search?q=cats+%26+dogs&format=json');
    },
  },
  {
    name: 'Brave',
    search: () => createBrave('brave-key', base),
    results: { web: { results: [bad, { ...good, description: 'purrs' }] } },
    asked: () => {
      expect(seen.url).toBe('GET /res/v1/web/search?q=cats+%26+dogs&count=3');
      expect(seen.headers['x-subscription-token']).toBe('brave-key');
    },
  },
  {
    name: 'Tavily',
    search: () => createTavily('tavily-key', base),
    results: { results: [bad, { ...good, content: 'purrs' }] },
    asked: () => {
      expect([seen.url, seen.headers.authorization, JSON.parse(seen.body)]).toEqual([
        'POST /search',
        'Bearer tavily-key',
        { query: 'cats & dogs', max_results: 3 },
      ]);
    },
  },
];

test.each(services)(
  '$name is asked as its interface wants it, and its results come without markup and without odd addresses',
  async ({ search, results, asked }) => {
    answer = { status: 200, body: JSON.stringify(results) };
    expect(await search()('cats & dogs', options)).toEqual(found);
    asked();
  },
);

test.each(services)('$name that fails, or answers something else, is told without its key', async ({ search }) => {
  for (const [status, body] of [
    [500, 'brave-key tavily-key'],
    [200, '<html>'],
    [200, '{"results":7,"web":7}'],
    [302, ''],
  ] as const) {
    answer = { status, body };
    const failed = await search()('x', options).catch((error: Error) => error);
    expect(failed).toMatchObject({ name: 'SearchFailed' });
    expect(String(failed)).not.toMatch(/-key|127\.0\.0\.1/);
  }
});
