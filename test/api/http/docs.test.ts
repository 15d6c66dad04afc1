import { afterAll, beforeAll, expect, test } from 'vitest';
import { openApi } from '../../../src/api/docs/openapi.ts';
import { paramNames } from '../../../src/api/http/route.ts';
import { startServer, type TestServer } from './start-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

test('every route says what it does and what it answers, once', () => {
  const { routes } = server.server;
  expect(routes.length).toBeGreaterThan(35);
  for (const { method, path, summary, tags, responses } of routes) {
    expect(`${method} ${path}: ${summary}`).toMatch(/: .{8,}/);
    expect(tags.length, path).toBeGreaterThan(0);
    expect(
      Object.keys(responses).some((status) => status.startsWith('2')),
      path,
    ).toBe(true);
    expect(
      Object.values(responses).every(({ description }) => description.length > 0),
      path,
    ).toBe(true);
  }
  const names = routes.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`);
  expect(new Set(names).size).toBe(names.length);
});

test('the document describes every route, and refers to nothing that is not in it', async () => {
  const answer = await server.call('GET', '/api/openapi.json');
  const text = await answer.text();
  const document = JSON.parse(text) as {
    openapi: string;
    paths: Record<string, Record<string, { operationId: string; parameters?: { name: string; in: string }[] }>>;
    components: { schemas: object };
  };
  expect(document.openapi).toBe('3.1.0');
  expect(text).toBe(JSON.stringify(openApi(server.server.routes)));
  for (const { method, path } of server.server.routes) {
    const operation = document.paths[path]?.[method.toLowerCase()];
    expect(operation?.parameters?.filter((parameter) => parameter.in === 'path').map(({ name }) => name) ?? []).toEqual(paramNames(path));
  }
  const ids = Object.values(document.paths).flatMap((operations) => Object.values(operations).map(({ operationId }) => operationId));
  expect(new Set(ids).size).toBe(ids.length);
  const refs = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
  expect(refs.filter((name) => !(String(name) in document.components.schemas))).toEqual([]);
  expect(text).not.toContain('#/$defs/');
  expect(text).not.toContain('x-definition');
});

test('both pages load everything from here, and run no inline script', async () => {
  for (const path of ['/docs', '/redoc']) {
    const page = await (await server.call('GET', path)).text();
    const files = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => String(file));
    expect(files.length).toBeGreaterThan(1);
    expect(files.every((file) => file.startsWith('/'))).toBe(true);
    expect(page).not.toMatch(/<script(?![^>]* src=)/);
    for (const file of files.filter((name) => name.startsWith('/docs/'))) {
      const answer = await server.call('GET', file);
      expect([file, answer.status, answer.headers.get('content-type')?.split(';')[0]]).toEqual([
        file,
        200,
        file.endsWith('.css') ? 'text/css' : 'text/javascript',
      ]);
    }
  }
});

test('an anonymous visitor sees no description', async () => {
  const { access_token } = (await (await server.call('POST', '/aui/v1/auth/tokens/anonymous')).json()) as { access_token: string };
  expect((await server.call('GET', '/api/openapi.json', { headers: { authorization: `Bearer ${access_token}` } })).status).toBe(404);
});
