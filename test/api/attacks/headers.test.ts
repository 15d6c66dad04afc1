import { afterAll, beforeAll, expect, test } from 'vitest';
import { rawRequest } from '../http/raw-request.ts';
import { type AllDoors, openAllDoors } from './all-doors.ts';

let doors: AllDoors;
beforeAll(async () => {
  doors = await openAllDoors();
});
afterAll(() => doors.stop());

/** What every answer says to browsers, whatever it is. */
const always = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
};
const endless = /\/events$|\/feed$|\/stream$|\/mcp/;
const answered = async (method: string, path: string, headers: Record<string, string> = {}) => {
  const answer = await rawRequest(doors.port, method, path, { host: `127.0.0.1:${doors.port}`, ...headers });
  return { line: `${method} ${path} ${answer.status}`, ...answer };
};

test('every answer of every route, refusals and mistakes among them, narrows what a browser may do with it, and is kept by no cache', {
  timeout: 120_000,
}, async () => {
  const wrong: string[] = [];
  const paths = doors.server.routes
    .filter(({ path }) => !endless.test(path))
    .map(({ method, path }) => [method, path.replaceAll(/\{\w+\}/g, 'x')] as const);
  for (const [method, path] of [
    ...paths,
    ['GET', '/nowhere'],
    ['GET', '/app/'],
    ['GET', '/docs'],
    ['GET', '/redoc'],
    ['POST', '/api/%E0%A4%A'],
  ] as const) {
    for (const as of [{}, { 'sec-fetch-site': 'cross-site' }, { host: 'elsewhere.example' }] as Record<string, string>[]) {
      const { line, headers } = await answered(method, path, as);
      for (const [name, value] of Object.entries(always)) if (headers[name] !== value) wrong.push(`${line} ${name}: ${headers[name]}`);
      const csp = String(headers['content-security-policy']);
      if (!/frame-ancestors '(none|self)'/.test(csp) || !/default-src '(none|self)'/.test(csp)) wrong.push(`${line} CSP: ${csp}`);
      const isPage = /^\/(app|docs|redoc)/.test(path);
      if (!isPage && headers['cache-control'] !== 'no-store') wrong.push(`${line} cache-control: ${headers['cache-control']}`);
      if (/script-src[^;]*unsafe-(inline|eval)/.test(csp)) wrong.push(`${line} scripts: ${csp}`);
      for (const name of ['server', 'x-powered-by', 'access-control-allow-credentials'])
        if (name in headers) wrong.push(`${line} ${name}: ${headers[name]}`);
      const cookies = [headers['set-cookie'] ?? []].flat();
      for (const cookie of cookies) if (!/httponly/i.test(cookie) || !/samesite=(lax|strict)/i.test(cookie)) wrong.push(`${line} cookie: ${cookie}`);
    }
  }
  expect([...new Set(wrong)]).toEqual([]);
});

test('A05: an answer names no origin but one that is listed, and never any', async () => {
  for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example', 'http://127.0.0.1.evil.example', 'file://', '*'])
    for (const path of ['/api/me', '/api/security/events', '/health/live']) {
      const { headers } = await answered('GET', path, { origin });
      expect(headers['access-control-allow-origin'], `${origin} ${path}`).toBeUndefined();
    }
});
