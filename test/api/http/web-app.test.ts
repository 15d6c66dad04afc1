import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from './start-server.ts';

let folder: string;
let server: TestServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'annals-web-'));
  await mkdir(join(folder, 'dist/assets'), { recursive: true });
  await writeFile(join(folder, 'dist/index.html'), '<title>app</title>');
  await writeFile(join(folder, 'dist/assets/index-1a2b.js'), 'export {}');
  await writeFile(join(folder, 'secret.txt'), 'secret');
  server = await startServer({ server: { webFolder: join(folder, 'dist') } });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

test('the root opens the app', async () => {
  const answer = await server.call('GET', '/');
  expect([answer.status, answer.headers.get('location')]).toEqual([302, '/app/']);
  expect((await server.call('GET', '/app')).headers.get('location')).toBe('/app/');
});

test('every address of the app opens it, files are files, and what is missing is missing', async () => {
  for (const path of ['/app/', '/app/thread_1', '/app/thread_1/history']) {
    const answer = await server.call('GET', path);
    expect([path, answer.status, await answer.text()]).toEqual([path, 200, '<title>app</title>']);
    expect(answer.headers.get('cache-control')).toBe('no-cache');
  }
  const asset = await server.call('GET', '/app/assets/index-1a2b.js');
  expect([asset.status, asset.headers.get('content-type')?.split(';')[0], asset.headers.get('cache-control')]).toEqual([
    200,
    'text/javascript',
    'public, max-age=31536000, immutable',
  ]);
  for (const path of ['/app/assets/index-old.js', '/app/.env', '/app/..%2fsecret.txt', '/app/index.html.map'])
    expect((await server.call('GET', path)).status, path).not.toBe(200);
});

test('an app that has not been built says in one sentence how to build it', async () => {
  const bare = await startServer({ server: { webFolder: join(folder, 'none') } });
  const answer = await bare.call('GET', '/app/');
  expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('npm run build:web')]);
  await bare.stop();
});
