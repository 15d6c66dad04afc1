import { renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selfSigned } from '../../harness/certificate.ts';
import type { ServerProcess } from '../../harness/server-process.ts';
import { until } from '../../harness/until.ts';
import { annals, cleanUp, contentsOf, newFolder, refusal, startOn } from './processes.ts';

cleanUp();

const NAME = 'annals.example';
const place = newFolder();
const files = { ANNALS_TLS_CERT: join(place, 'tls.crt'), ANNALS_TLS_KEY: join(place, 'tls.key') };
let shown = '';
/** As a renewal does: the new file takes the place of the old one. */
const put = ({ cert, key }: { cert: string; key: string }): void => {
  shown = cert;
  for (const [file, text] of [
    [files.ANNALS_TLS_CERT, cert],
    [files.ANNALS_TLS_KEY, key],
  ] as const) {
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
};

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
}
const get = (url: string, path: string, headers: Record<string, string>, ca: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(url + path, { headers, ca, servername: NAME, agent: false }, (res) => {
      let text = '';
      res
        .on('data', (chunk: Buffer) => (text += chunk.toString()))
        .on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text }));
    });
    sent.on('error', reject).end();
  });
const handshake = (url: string, options: object): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false, ...options }, () => resolve(socket));
    socket.once('error', reject);
  });
const shownBy = async (url: string): Promise<string> => {
  const socket = await handshake(url, { servername: NAME });
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
};

describe('a server with a certificate', () => {
  const folder = newFolder();
  let server: ServerProcess;
  beforeAll(async () => {
    put(selfSigned(NAME));
    server = await startOn(folder, { ...files, ANNALS_HOSTS: NAME, ANNALS_JWT_SECRET: 'x'.repeat(40) });
  });
  afterAll(async () => {
    expect(await server.kill('SIGTERM'), server.output()).toBe(0);
  });

  test('speaks HTTPS, and tells browsers to call its name by nothing else, but not the names of this machine', async () => {
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const { port } = new URL(server.url);
    const answer = await get(server.url, '/health/live', { host: `${NAME}:${port}` }, shown);
    expect(answer).toMatchObject({ status: 200, headers: { 'strict-transport-security': 'max-age=31536000' } });
    const local = await get(server.url, '/health/live', { host: `127.0.0.1:${port}` }, shown);
    expect(local.status).toBe(200);
    expect(local.headers).not.toHaveProperty('strict-transport-security');
    await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow();
  });

  test('speaks no TLS older than 1.2', async () => {
    await expect(handshake(server.url, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })).rejects.toThrow();
    const socket = await handshake(server.url, { maxVersion: 'TLSv1.2' });
    expect(socket.getProtocol()).toBe('TLSv1.2');
    socket.destroy();
  });

  test('is called by the command line of its folder, which insists on that certificate', async () => {
    const environment = { ANNALS_JWT_SECRET: 'x'.repeat(40) };
    expect(await annals(['views', '--data', folder], { ...environment, ...files })).toMatchObject({
      code: 0,
      out: expect.stringContaining('conversations@'),
    });
    expect(await annals(['views', '--data', folder], environment)).toMatchObject({ code: 1, err: expect.stringContaining('ANNALS_TLS_CERT') });
    const other = join(place, 'other.crt');
    writeFileSync(other, selfSigned(NAME).cert);
    expect(await annals(['views', '--data', folder], { ...environment, ...files, ANNALS_TLS_CERT: other })).toMatchObject({ code: 1 });
  });

  test('takes up a renewed certificate at SIGHUP, goes on with the one it has when the new one is none, and keeps what is open', async () => {
    const before = await shownBy(server.url);
    const open = await handshake(server.url, { servername: NAME });
    writeFileSync(files.ANNALS_TLS_CERT, 'half a file');
    server.process.kill('SIGHUP');
    await until(() => server.output().includes('goes on with the certificate it has'));
    expect(await shownBy(server.url)).toBe(before);
    const next = selfSigned(NAME);
    put(next);
    server.process.kill('SIGHUP');
    await until(async () => (await shownBy(server.url)) !== before);
    expect(open.destroyed).toBe(false);
    open.destroy();
    expect((await get(server.url, '/health/live', { host: `${NAME}:${new URL(server.url).port}` }, next.cert)).status).toBe(200);
  });

  test('takes it up without a signal too', { timeout: 30_000 }, async () => {
    const before = await shownBy(server.url);
    put(selfSigned(NAME));
    await until(async () => (await shownBy(server.url)) !== before);
  });
});

describe('a start with a certificate that cannot be used says so, and leaves the folder as it is', () => {
  const refuses = async (environment: Record<string, string>): Promise<string> => {
    const folder = newFolder();
    const before = contentsOf(folder);
    const said = await refusal(folder, environment);
    expect(contentsOf(folder)).toEqual(before);
    return said;
  };

  test('one of the two is missing', async () => {
    put(selfSigned(NAME));
    expect(await refuses({ ANNALS_TLS_CERT: files.ANNALS_TLS_CERT })).toContain('belong together');
    expect(await refuses({ ...files, ANNALS_TLS_KEY: join(place, 'nowhere.key') })).toMatch(/nowhere\.key \(ANNALS_TLS_KEY\) cannot be read/);
  });

  test('a file is no PEM, or the key is another’s', async () => {
    put({ ...selfSigned(NAME), key: 'not a key' });
    expect(await refuses(files)).toContain('holds no private key in PEM');
    put({ ...selfSigned(NAME), cert: 'not a certificate' });
    expect(await refuses(files)).toContain('holds no certificate in PEM');
    put({ cert: selfSigned(NAME).cert, key: selfSigned(NAME).key });
    expect(await refuses(files)).toContain('is not that of the certificate');
  });

  test('an expired certificate is only warned of, at the start and by the doctor', async () => {
    put(selfSigned(NAME, { from: new Date('2020-01-01'), to: new Date('2021-01-01') }));
    const looked = await annals(['doctor', '--data', newFolder()], files);
    expect(looked).toMatchObject({ code: 0, out: expect.stringContaining('has expired at 2021-01-01T00:00:00.000Z') });
    const server = await startOn(newFolder(), files);
    expect(server.output()).toContain('has expired at 2021-01-01T00:00:00.000Z');
    expect(await server.kill('SIGTERM')).toBe(0);
  });
});
