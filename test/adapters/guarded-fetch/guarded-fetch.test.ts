import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { createGuardedFetch, type GuardedFetchOptions } from '../../../src/adapters/guarded-fetch/index.ts';
import type { Blocked } from '../../../src/adapters/guarded-fetch/port.ts';

const servers: { close(): void; closeAllConnections(): void }[] = [];
const fetches: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await Promise.all(fetches.splice(0).map((fetch) => fetch.close()));
});

async function served(listener: RequestListener): Promise<{ port: number; hits: string[] }> {
  const hits: string[] = [];
  const server = createServer((req, res) => {
    hits.push(`${req.method} ${req.url}`);
    listener(req, res);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return { port: (server.address() as AddressInfo).port, hits };
}

function guarded(options: GuardedFetchOptions = {}) {
  const blocked: Blocked[] = [];
  const made = createGuardedFetch({ onBlocked: (one) => void blocked.push(one), ...options });
  fetches.push(made);
  return { fetch: made.fetch, blocked };
}

/** Each of them is this machine or one beside it, whatever it looks like. */
const spellings = (port: number): string[] => [
  `http://127.0.0.1:${port}/`,
  `http://localhost:${port}/`,
  `http://localhost.:${port}/`,
  `http://0:${port}/`,
  `http://0.0.0.0:${port}/`,
  `http://127.1:${port}/`,
  `http://2130706433:${port}/`,
  `http://0x7f.1:${port}/`,
  `http://0177.0.0.1:${port}/`,
  `http://[::]:${port}/`,
  `http://[::1]:${port}/`,
  `http://[::ffff:127.0.0.1]:${port}/`,
  `http://[::ffff:7f00:1]:${port}/`,
  `http://[64:ff9b::7f00:1]:${port}/`,
  `http://[2002:7f00:1::]:${port}/`,
  `http://[fec0::1]:${port}/`,
  `http://[fc00::1]:${port}/`,
  `http://169.254.169.254/latest/meta-data/`,
  `http://100.64.0.1/`,
  `http://10.0.0.1/`,
  `http://172.16.0.1/`,
  `http://192.168.0.1/`,
  `http://good@127.0.0.1:${port}/`,
  `http://127.0.0.1:${port}#@good.example/`,
  `http://good.example\\@127.0.0.1:${port}/`,
  `http://1\u30022\u30023\u30024@127.0.0.1:${port}/`,
  `http://\t127.0.0.1:${port}\n/`,
  'file:///etc/passwd',
  'gopher://127.0.0.1/',
  'data:text/plain,x',
  'ftp://127.0.0.1/',
];

test('this machine and those beside it cannot be reached, however their address is written, and each try is told', async () => {
  const inside = await served((_, res) => res.end('secret'));
  const { fetch, blocked } = guarded();
  for (const [count, url] of spellings(inside.port).entries()) {
    await expect(fetch(url), url).rejects.toThrow();
    expect(blocked.length, url).toBe(count + 1);
  }
  expect(inside.hits).toEqual([]);
});

test('a redirect is looked at like the first address', async () => {
  const inside = await served((_, res) => res.end('secret'));
  const targets = [`http://127.0.0.1:${inside.port}/`, 'file:///etc/passwd', `http://[::1]:${inside.port}/`, '//localhost./'];
  const outside = await served((req, res) => res.writeHead(307, { location: targets[Number(req.url?.slice(1))] }).end());
  // Only the name of the first one leads to a public address, which here is this machine.
  const { fetch, blocked } = guarded({ allow: ['127.0.0.2'] });
  for (const index of targets.keys()) await expect(fetch(`http://127.0.0.2:${outside.port}/${index}`)).rejects.toThrow();
  expect(inside.hits).toEqual([]);
  expect(blocked).toHaveLength(targets.length);
});

test('a redirect that leads in circles ends, and to another origin no secret goes along', async () => {
  const circle = await served((_, res) => res.writeHead(302, { location: '/' }).end());
  const { fetch, blocked } = guarded({ allow: ['127.0.0.0/8'] });
  await expect(fetch(`http://127.0.0.1:${circle.port}/`)).rejects.toThrow(/more than 5/);
  expect(circle.hits).toHaveLength(6);
  expect(blocked).toMatchObject([{ reason: 'redirects' }]);
  let got: NodeJS.Dict<string | string[]> = {};
  const other = await served((req, res) => {
    got = req.headers;
    res.end();
  });
  const leads = await served((_, res) => res.writeHead(307, { location: `http://127.0.0.1:${other.port}/` }).end());
  await fetch(`http://127.0.0.1:${leads.port}/`, {
    method: 'POST',
    body: 'x',
    headers: { authorization: 'Bearer s', 'x-api-key': 's', accept: 'a/b' },
  });
  expect(got).toMatchObject({ accept: 'a/b' });
  expect(got.authorization).toBeUndefined();
  expect(got['x-api-key']).toBeUndefined();
});

test('a name that means another address a moment later is not connected to', async () => {
  const inside = await served((_, res) => res.end('secret'));
  let asked = 0;
  const { fetch, blocked } = guarded({
    resolve: (_name, _options, callback) => callback(null, [{ address: asked++ === 0 ? '203.0.113.9' : '127.0.0.1', family: 4 }]),
    connectMs: 100,
  });
  await expect(fetch(`http://rebinding.example:${inside.port}/`)).rejects.toThrow();
  await expect(fetch(`http://rebinding.example:${inside.port}/`)).rejects.toThrow();
  expect(inside.hits).toEqual([]);
  expect(blocked).toMatchObject([{ host: `rebinding.example:${inside.port}`, reason: 'address' }, { reason: 'address' }]);
});

test('one private address among those of a name closes it', async () => {
  const { fetch } = guarded({
    resolve: (_name, _options, callback) =>
      callback(null, [
        { address: '93.184.216.34', family: 4 },
        { address: 'fd00::1', family: 6 },
      ]),
  });
  await expect(fetch('http://mixed.example/')).rejects.toThrow();
});

test('an answer ends at its cap, packed ones by what they unpack to, and at its deadline', async () => {
  const bomb = gzipSync(Buffer.alloc(20_000_000));
  const big = await served((req, res) => {
    if (req.url === '/bomb') return void res.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    if (req.url === '/drip') {
      const timer = setInterval(() => res.write('x'), 20);
      return void res.once('close', () => clearInterval(timer));
    }
    res.writeHead(200);
    const more = (): void => void (res.write(Buffer.alloc(65_536)) ? setImmediate(more) : res.once('drain', more));
    more();
  });
  const { fetch, blocked } = guarded({ allow: ['*'], maxBytes: 1_000_000, deadlineMs: 5000 });
  const at = (path: string): string => `http://127.0.0.1:${big.port}${path}`;
  const read = async (path: string): Promise<string> => (await fetch(at(path))).text();
  await expect(read('/endless')).rejects.toThrow(/larger/);
  await expect(read('/bomb')).rejects.toThrow(/larger/);
  const hurried = guarded({ allow: ['*'], deadlineMs: 200 });
  await expect(hurried.fetch(at('/drip')).then((answer) => answer.text())).rejects.toThrow(/timeout/);
  expect(blocked).toMatchObject([{ reason: 'too large' }, { reason: 'too large' }]);
});

test('of a stream of events the cap is for each event', async () => {
  const stream = await served((req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let count = 0; count < 20; count++) res.write(`data: ${'x'.repeat(100_000)}\n\n`);
    if (req.url === '/long') res.write('x'.repeat(900_000));
    res.end();
  });
  const { fetch } = guarded({ allow: ['*'], maxBytes: 500_000 });
  const text = await (await fetch(`http://127.0.0.1:${stream.port}/`)).text();
  expect(text.length).toBeGreaterThan(2_000_000);
  await expect((await fetch(`http://127.0.0.1:${stream.port}/long`)).text()).rejects.toThrow(/larger/);
});
