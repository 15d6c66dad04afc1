import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { checkLogins } from '../../src/main/check-logins.ts';
import { checkMails } from '../../src/main/check-mails.ts';
import { checkSettings } from '../../src/main/check-settings.ts';
import { loginProviders } from '../../src/main/login-providers.ts';
import { readSettings } from '../../src/settings.ts';

const settingsOf = (given: Record<string, string>) => {
  const read = readSettings(given, {}, '/nowhere');
  if (!read.ok) throw new Error(read.message);
  return read.settings;
};
const said = (given: Record<string, string>): string[] => checkSettings(settingsOf(given)).map(({ level, message }) => `${level}: ${message}`);

const work = {
  ANNALS_OIDC_WORK_ISSUER: 'https://login.example.org',
  ANNALS_OIDC_WORK_CLIENT_ID: 'annals',
  ANNALS_OIDC_WORK_CLIENT_SECRET: 'secret',
};
const mails = { ANNALS_SMTP_URL: 'smtps://u:p@mail.example', ANNALS_MAIL_FROM: 'a@example.org' };
const secure = { ANNALS_PUBLIC_URL: 'https://annals.example', ANNALS_TLS_CERT: '', ANNALS_JWT_SECRET: 'x'.repeat(32) };
const proxy = { ANNALS_TRUSTED_PROXIES: '10.0.0.7', ANNALS_PROXY_SECRET: 'y'.repeat(32) };
const first = { ANNALS_ADMIN_EMAIL: 'ada@example.org', ANNALS_ADMIN_ISSUER: 'https://login.example.org' };

describe('settings of who may come that do not fit together', () => {
  test.each([
    ['mails from nobody', { ...secure, ...mails, ANNALS_MAIL_FROM: '', ANNALS_PASSWORD_LOGIN: 'on' }, /^problem: .*ANNALS_MAIL_FROM/],
    ['mails with links to nowhere', { ...mails, ANNALS_PASSWORD_LOGIN: 'on' }, /^problem: .*ANNALS_PUBLIC_URL/],
    ['a sender without a server', { ANNALS_MAIL_FROM: 'a@example.org' }, /^warning: ANNALS_MAIL_FROM is set, but no mail leaves/],
    ['mails, but no accounts', { ...secure, ...mails }, /^warning: .*nobody logs in here/],
    ['a password for mails in the clear', { ...secure, ...mails, ANNALS_SMTP_URL: 'smtp://u:p@mail.example' }, /^warning: .*smtps:/],
    ['open doors without mails', { ...secure, ANNALS_PASSWORD_LOGIN: 'on', ANNALS_REGISTRATION: 'open' }, /^warning: .*waits for an administrator/],
    [
      'an issuer that is no provider’s',
      { ...secure, ...work, ...first, ANNALS_ADMIN_ISSUER: 'https://other.example' },
      /^problem: ANNALS_ADMIN_ISSUER/,
    ],
    ['passwords behind a proxy that nobody trusts', { ...secure, ...mails, ANNALS_PASSWORD_LOGIN: 'on' }, /^warning: A proxy is in front/],
    ['a secret for no proxy', { ...secure, ANNALS_PROXY_SECRET: 'y'.repeat(32) }, /^warning: ANNALS_PROXY_SECRET/],
    ['a proxy that is the world', { ...secure, ...proxy, ANNALS_TRUSTED_PROXIES: '0.0.0.0/0' }, /^problem: .*the world/],
    ['passwords without https', { ...mails, ANNALS_PASSWORD_LOGIN: 'on', ANNALS_PUBLIC_URL: 'http://annals.example' }, /^warning: .*in the clear/],
    ['half a provider', { ...secure, GOOGLE_CLIENT_ID: 'x' }, /^problem: .*GOOGLE_CLIENT_SECRET/],
    ['names that anybody may send', { ...secure, ANNALS_DEV_USER: '1' }, /^problem: ANNALS_DEV_USER/],
  ])('%s', (_, given, expected) => {
    expect(said(given)).toContainEqual(expect.stringMatching(expected));
  });

  test('are told apart from those that do', () => {
    expect(said({ ...secure, ...proxy, ...work, ...first })).toEqual(['fine: The settings can be used.']);
    expect(said({ ...secure, ...proxy, ...mails, ...work, ...first, ANNALS_PASSWORD_LOGIN: 'on' })).toEqual(['fine: The settings can be used.']);
    expect(said({})).toEqual(['fine: The settings can be used.']);
  });
});

test('a server for mails is asked whether it lets us in, and what to look at is said where it does not', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).write('220 here\r\n');
    socket.on('data', (chunk) => socket.write(chunk.toString().startsWith('QUIT') ? '221 bye\r\n' : '250 fine\r\n'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await checkMails(`smtp://127.0.0.1:${port}`)).toMatchObject([{ level: 'fine' }]);
  await new Promise((closed) => server.close(closed));
  expect(await checkMails(`smtp://127.0.0.1:${port}`)).toMatchObject([{ level: 'problem', message: expect.stringContaining('ANNALS_SMTP_URL') }]);
});

test('a provider is asked for what it says of itself, and must be the issuer that is set', async () => {
  let issuer = '';
  const server = createHttpServer((_req, res) => {
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys` }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const providers = loginProviders(settingsOf({ ...work, ANNALS_OIDC_WORK_ISSUER: url }));
  issuer = url;
  expect(await checkLogins(providers)).toMatchObject([{ level: 'fine' }]);
  issuer = 'https://other.example';
  expect(await checkLogins(providers)).toMatchObject([{ level: 'problem', message: expect.stringContaining('.well-known') }]);
  await new Promise((closed) => server.close(closed));
});
