import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rawRequest } from '../http/raw-request.ts';
import { startServer, type TestServer } from '../http/start-server.ts';
import { type AllDoors, openAllDoors } from './all-doors.ts';

let doors: AllDoors;
beforeAll(async () => {
  doors = await openAllDoors();
}, 120_000);
afterAll(() => doors.stop());

const stranger = () => ({ host: `127.0.0.1:${doors.port}`, 'sec-fetch-site': 'cross-site' });
const hidden = [
  ...['/setup', '/install', '/init', '/api/setup', '/api/install', '/api/config', '/api/settings', '/config', '/config.json', '/env'],
  ...['/debug', '/debug/pprof', '/debug/vars', '/trace', '/__inspect', '/json/list', '/heapdump', '/actuator', '/actuator/env', '/server-status'],
  ...['/metrics', '/api/metrics', '/stats', '/status', '/test', '/api/test', '/health', '/healthz', '/health/detail', '/health/live/x'],
  ...['/docs', '/redoc', '/api/openapi.json', '/api/asyncapi.json', '/openapi.json', '/swagger.json', '/swagger-ui', '/api-docs', '/graphql'],
  ...[
    '/.git/HEAD',
    '/.git/config',
    '/.env',
    '/.npmrc',
    '/app/.git/HEAD',
    '/app/.env',
    '/app/%2e%2e/.git/HEAD',
    '/app/..%2f.git%2fHEAD',
    '/.well-known/x',
  ],
  ...['/package.json', '/package-lock.json', '/src/main.js', '/app/../package.json', '/node_modules/zod/package.json', '/Dockerfile'],
  ...['/data/events.db', '/events.db', '/keys.db', '/master.key', '/installation.secret', '/heads.jsonl', '/address'],
  ...['/admin', '/api/admin', '/console', '/phpmyadmin', '/wp-login.php', '/cgi-bin/x', '/backup.zip', '/dump.sql'],
] as const;

test('A19: what is for setting up, for debugging, for developers or on the disk answers no stranger', async () => {
  const answers = await Promise.all(hidden.map(async (path) => ({ path, ...(await rawRequest(doors.port, 'GET', path, stranger())) })));
  expect(answers.filter(({ status }) => status !== 401 && status !== 404).map(({ path, status }) => `${path} ${status}`)).toEqual([]);
  for (const { path, text } of answers) expect(text, path).not.toMatch(/annals@|BEGIN|refs\/heads|SQLite format|node_modules|openapi":/);
});

test('A19: nor other methods, on any route', async () => {
  for (const { path } of doors.server.routes) {
    const filled = path.replaceAll(/\{\w+\}/g, 'x');
    for (const method of ['TRACE', 'PROPFIND', 'SEARCH', 'LOCK']) {
      const { status, text } = await rawRequest(doors.port, method, filled, { ...stranger(), 'x-secret': 'canary-of-a-header' });
      expect([404, 405], `${method} ${path}`).toContain(status);
      expect(text).not.toContain('canary-of-a-header');
    }
  }
});

test('A19: a stranger learns from the probes that the server is there, and nothing else', async () => {
  for (const path of ['/health/live', '/health/ready'])
    expect(JSON.parse((await rawRequest(doors.port, 'GET', path, stranger())).text)).toEqual({ status: 'ok' });
});

test('A19: whoever sets the server up first is nobody who comes by the network: there is no route for it', async () => {
  const setup = doors.server.routes.filter(({ path, open }) => open && /setup|install|init|bootstrap|first/i.test(path));
  expect(setup).toEqual([]);
});

test('A19: maps of the sources are not served, whether they lie there or not', async () => {
  const webFolder = mkdtempSync(join(tmpdir(), 'annals-web-'));
  mkdirSync(join(webFolder, 'assets'));
  for (const name of ['index.html', 'assets/index.js', 'assets/index.js.map', 'assets/index.css.map', '.git'])
    writeFileSync(join(webFolder, name), 'here');
  const server: TestServer = await startServer({ server: { webFolder } });
  try {
    expect((await server.call('GET', '/app/assets/index.js')).status).toBe(200);
    for (const path of ['/app/assets/index.js.map', '/app/assets/index.css.map', '/app/.git', '/app/assets/INDEX.JS.MAP']) {
      const answer = await server.call('GET', path);
      expect(answer.status, path).toBe(404);
    }
  } finally {
    await server.stop();
    rmSync(webFolder, { recursive: true });
  }
});
