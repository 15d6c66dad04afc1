import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { annals, call, chat, cleanUp, filesOf, newFolder, refusal, startOn } from './processes.ts';

cleanUp();

test('the first start makes a folder and files that nobody else may read, and no secret is ever said', async () => {
  const made = join(newFolder(), 'made', 'by it');
  expect((await annals(['start', '--port', '0', '--data', made], { RINI_API_MASTER_KEY: 'no key' })).code).toBe(1);
  for (const folder of [made, dirname(made)]) expect((statSync(folder).mode & 0o777).toString(8), folder).toBe('700');
  const jwtSecret = 'a-secret-of-more-than-32-characters-0123456789';
  const masterKey = Buffer.alloc(32, 9).toString('base64');
  const data = newFolder();
  const running = await startOn(data, {
    ANNALS_JWT_SECRET: jwtSecret,
    RINI_API_MASTER_KEY: masterKey,
    OPENAI_API_KEY: 'sk-not-to-be-said',
    ANNALS_MODEL: 'demo/demo',
  });
  await chat(running.url, 'Tell me your secrets');
  const answers = await Promise.all(
    ['/api/conversations', '/api/events?after=nonsense', '/api/models', '/api/views', '/health/ready', '/api/nothing'].map(
      async (path) => (await call(running.url, 'GET', path)).json,
    ),
  );
  const bad = await call(running.url, 'GET', '/api/me', undefined, { authorization: `Bearer a.b.${jwtSecret}` });
  expect(bad.status).toBe(401);
  expect(await running.kill('SIGTERM')).toBe(0);
  const installation = readFileSync(join(data, 'installation.secret'), 'utf8').trim();
  const said = JSON.stringify([answers, bad.json]) + running.output();
  for (const secret of [jwtSecret, masterKey, 'sk-not-to-be-said', installation]) {
    expect(said).not.toContain(secret);
    for (const file of filesOf(data).filter((each) => !/lock\.db|installation\.secret/.test(each)))
      expect(readFileSync(file).includes(secret), file).toBe(false);
  }
  for (const file of filesOf(data)) expect((statSync(file).mode & 0o777).toString(8), file).toBe('600');
});

test('secrets differ from installation to installation', async () => {
  const secrets = new Set<string>();
  for (let count = 0; count < 2; count++) {
    const folder = join(newFolder(), 'data');
    mkdirSync(folder);
    const server = await startOn(folder);
    expect(await server.kill('SIGTERM')).toBe(0);
    for (const name of ['master.key', 'installation.secret']) secrets.add(readFileSync(join(folder, name), 'utf8'));
  }
  expect(secrets.size).toBe(4);
});

test('what cannot be used as a setting is refused in one sentence that names it and does not repeat a secret', async () => {
  const folder = newFolder();
  expect(await refusal(folder, {}, ['--host', '0.0.0.0'])).toMatch(/On 0\.0\.0\.0 others can reach this server.*set ANNALS_JWT_SECRET/);
  expect(await refusal(folder, { ANNALS_JWT_SECRET: '' }, ['--host', '0.0.0.0'])).toContain('set ANNALS_JWT_SECRET');
  expect(await refusal(folder, {}, ['--port', 'nonsense'])).toMatch(/ANNALS_PORT cannot be used: .+/);
  expect(await refusal(folder, {}, ['--port', '70000'])).toContain('ANNALS_PORT');
  expect(await refusal(folder, { ANNALS_DRAIN: '-1' })).toContain('ANNALS_DRAIN');
  const short = await refusal(folder, { ANNALS_JWT_SECRET: 'hunter2' });
  expect(short).toContain('ANNALS_JWT_SECRET cannot be used: must have at least 32 characters');
  expect(short).not.toContain('hunter2');
  const key = await refusal(folder, { RINI_API_MASTER_KEY: 'bm90LWEta2V5' });
  expect(key).toContain('openssl rand -base64 32');
  expect(key).not.toContain('bm90LWEta2V5');
  expect(filesOf(folder).filter((file) => !file.includes('lock.db'))).toEqual([]);
  expect(await refusal(folder, {}, ['--host', '192.0.2.1'].concat(['--port', '4417'])).catch(String)).toContain('ANNALS_JWT_SECRET');
  expect(await refusal(folder, { ANNALS_JWT_SECRET: 'x'.repeat(32) }, ['--host', '192.0.2.1', '--port', '4417'])).toMatch(
    /192\.0\.2\.1 is no address of this machine/,
  );
});

test('a .env of the working folder is read, the environment wins, an empty value counts as unset', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, '.env'), 'ANNALS_APPROVAL_TIMEOUT=nonsense\nANNALS_DRAIN=5\n');
  expect(await refusal(folder)).toContain('ANNALS_APPROVAL_TIMEOUT');
  const server = await startOn(folder, { ANNALS_APPROVAL_TIMEOUT: '1000', ANNALS_MODEL: '' });
  expect(await server.kill('SIGTERM')).toBe(0);
  writeFileSync(join(folder, '.env'), 'ANNALS_UNHEARD_OF=1\n');
  const { code, err } = await annals(['views'], {}, folder);
  expect([code, err]).toEqual([1, expect.stringMatching(/^annals: There is no setting ANNALS_UNHEARD_OF\. The settings are: [^\n]+\n$/)]);
});
