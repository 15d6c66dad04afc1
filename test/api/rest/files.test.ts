import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../http/start-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

interface Uploaded {
  fileId: string;
  filename: string;
  mediaType: string;
  size: number;
}
const upload = (query: string, body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/api/files${query}`, { method: 'POST', body, headers });

test('bytes come back as they were sent, as a download that no browser opens', async () => {
  const bytes = randomBytes(100_000);
  const answer = await upload('?filename=%C3%BCber%20%22all%22.svg', bytes, { 'content-type': 'image/svg+xml' });
  const { fileId, ...rest } = (await answer.json()) as Uploaded;
  expect([answer.status, rest]).toEqual([201, { filename: 'über "all".svg', mediaType: 'image/svg+xml', size: 100_000 }]);
  expect(answer.headers.get('location')).toBe(`/api/files/${fileId}`);
  const content = await server.call('GET', `/api/files/${fileId}/content`);
  expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true);
  expect(Object.fromEntries(content.headers)).toMatchObject({
    'content-type': 'image/svg+xml',
    'content-disposition': `attachment; filename="_ber _all_.svg"; filename*=UTF-8''%C3%BCber%20%22all%22.svg`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining('sandbox'),
  });
});

test('a form with one file is the file', async () => {
  const form = new FormData();
  form.set('file', new File(['pixels'], 'a.png', { type: 'image/png' }));
  expect(await (await upload('', form)).json()).toMatchObject({ filename: 'a.png', mediaType: 'image/png', size: 6 });
  form.append('file', new File(['more'], 'b.png'));
  expect((await upload('', form)).status).toBe(400);
});

test('a file without a name, or a form that is none, is refused', async () => {
  expect((await upload('', 'x')).status).toBe(400);
  expect((await upload('', 'x', { 'content-type': 'multipart/form-data' })).status).toBe(400);
  expect((await upload('', 'x', { 'content-type': 'multipart/form-data; boundary=b' })).status).toBe(400);
});

test('an upload that is repeated with its key is one file', async () => {
  const key = { 'idempotency-key': randomUUID() };
  const [first, again] = [await upload('?filename=a', 'x', key), await upload('?filename=a', 'x', key)];
  expect([again.status, await again.json()]).toEqual([201, await first.json()]);
});

test('a deleted file is gone, bytes and all', async () => {
  const { fileId } = (await (await upload('?filename=a', 'x')).json()) as Uploaded;
  expect(await server.call('GET', '/api/files').then((answer) => answer.text())).toContain(fileId);
  expect((await server.call('DELETE', `/api/files/${fileId}`)).status).toBe(200);
  for (const path of [`/api/files/${fileId}`, `/api/files/${fileId}/content`]) expect((await server.call('GET', path)).status).toBe(404);
  expect(await server.call('GET', '/api/files').then((answer) => answer.text())).not.toContain(fileId);
});

test('nobody is told where the bytes lie', async () => {
  const { fileId } = (await (await upload('?filename=a', 'x')).json()) as Uploaded;
  for (const path of ['/api/files', `/api/files/${fileId}`]) expect(await (await server.call('GET', path)).text()).not.toMatch(/blob|key/);
});
