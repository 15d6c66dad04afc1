import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AuiServer, ada, bob, type Person, startAui } from './aui-server.ts';

let server: AuiServer;
let me: Person;
beforeAll(async () => {
  server = await startAui();
  me = await server.as(ada);
});
afterAll(() => server.stop());

const presign = async (filename = 'photo.png') =>
  (await me.call('POST', '/aui/v1/files/attachments/generate-presigned-upload-url', { filename })).json;
const put = (url: string, body: string, type = 'image/png') => fetch(url, { method: 'PUT', body, headers: { 'content-type': type } });

test('a file goes up once at its own address and is shown without a token', async () => {
  const { success, signedUrl, publicUrl, key, expiresAt } = await presign();
  expect(success).toBe(true);
  expect(new Date(expiresAt).toISOString()).toBe(expiresAt);
  expect((await fetch(publicUrl)).status).toBe(404);
  expect((await put(signedUrl, 'bytes')).status).toBe(200);
  expect((await put(signedUrl, 'other bytes')).status).toBe(409);
  const shown = await fetch(publicUrl);
  expect([shown.status, shown.headers.get('content-type'), await shown.text()]).toEqual([200, 'image/png', 'bytes']);
  expect(shown.headers.get('content-security-policy')).toContain('sandbox');
  for (const body of [{ key }, { url: publicUrl }]) {
    const fresh = (await me.call('POST', '/aui/v1/files/attachments/generate-presigned-download-url', body)).json;
    expect(await (await fetch(fresh.signedUrl)).text()).toBe('bytes');
    expect(fresh.key).toBe(key);
  }
});

test('an address is good for one file, one person, one purpose and a time, and for nothing else', async () => {
  const { signedUrl, publicUrl, key } = await presign();
  await put(signedUrl, 'bytes');
  const other = await presign();
  const altered = (change: (url: URL) => void, from = publicUrl): string => {
    const url = new URL(from);
    change(url);
    return url.href;
  };
  const bad = [
    altered((url) => url.searchParams.set('e', String(Number(url.searchParams.get('e')) + 1))),
    altered((url) => url.searchParams.set('e', '1')),
    altered((url) => url.searchParams.set('p', bob.id)),
    altered((url) => url.searchParams.set('s', 'AAAA')),
    altered((url) => (url.pathname = url.pathname.replace(key, other.key))),
    signedUrl,
  ];
  for (const url of bad) expect((await fetch(url)).status).toBe(404);
  expect((await put(other.publicUrl, 'x')).status).toBe(404);
  expect((await fetch(altered((url) => url.searchParams.delete('s')))).status).toBe(400);
});

test('what a page could run is offered for saving and never shown', async () => {
  const { signedUrl, publicUrl } = await presign('page.html');
  await put(signedUrl, '<script>alert(1)</script>', 'text/html');
  const answer = await fetch(publicUrl);
  expect(answer.headers.get('content-disposition')).toBe('attachment');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
});

test('a file that is too large is refused, and so is one that claims to be', async () => {
  const claimed = await me.call('POST', '/aui/v1/files/attachments/generate-presigned-upload-url', {
    filename: 'a',
    content_length: 26 * 1024 * 1024,
  });
  expect(claimed.status).toBe(400);
  const { signedUrl } = await presign();
  const refused = await put(signedUrl, 'x'.repeat(25 * 1024 * 1024 + 1)).then(
    ({ status }) => status,
    () => 413,
  );
  expect(refused).toBe(413);
});

test('pages of a PDF are not drawn, and that is said', async () => {
  expect((await me.call('POST', '/aui/v1/files/pdf-to-images', {})).status).toBe(501);
});

test('addresses begin where the server is reached from outside', async () => {
  const behind = await startAui({}, { publicUrl: 'https://annals.example/' });
  try {
    const { json } = await (await behind.as(ada)).call('POST', '/aui/v1/files/attachments/generate-presigned-upload-url', { filename: 'a' });
    expect(json.publicUrl).toMatch(/^https:\/\/annals\.example\/aui\/v1\/files\/file-/);
  } finally {
    await behind.stop();
  }
});
