import { whyNotTrusted } from '../api/http/identity/proxy.ts';
import type { Settings } from '../settings.ts';
import { type Finding, problem, warning } from './finding.ts';
import { isForLocalPerson, isRegistrationOpen } from './installation.ts';
import { hasLogin, loginProblems, loginProviders } from './login-providers.ts';
import { openPost } from './mail.ts';
import { StartRefused } from './refused.ts';

/** What can be said of who may come, and how: providers, passwords, mails, proxies. */
export function* checkPeople(settings: Settings): Generator<Finding> {
  for (const sentence of loginProblems(settings)) yield problem(sentence);
  yield* ofProxies(settings);
  yield* ofMails(settings);
  yield* ofFirst(settings);
  if (settings.ANNALS_PASSWORD_LOGIN === 'on') yield* ofPasswords(settings);
  if ((hasLogin(settings) || settings.ANNALS_PASSWORD_LOGIN === 'on') && !isForLocalPerson(settings)) yield* ofSessions(settings);
}

function* ofProxies(settings: Settings): Generator<Finding> {
  const { ANNALS_TRUSTED_PROXIES: addresses, ANNALS_PROXY_SECRET: secret } = settings;
  const why = whyNotTrusted({ addresses, secret });
  if (why !== undefined) yield problem(why);
  if (secret !== undefined && addresses.length === 0)
    yield warning('ANNALS_PROXY_SECRET is set, but no proxy is trusted: name its address in ANNALS_TRUSTED_PROXIES.');
  if (settings.ANNALS_DEV_USER === '1' && !isForLocalPerson(settings))
    yield problem('ANNALS_DEV_USER believes whatever name a client sends: set it to 0, or listen on 127.0.0.1 under no other name.');
}

/** A user and a password in the address. */
const WITH_PASSWORD = /^smtp:\/\/[^/@]+:[^/@]+@(?!localhost|127\.|\[::1\])/;

function* ofMails(settings: Settings): Generator<Finding> {
  const { ANNALS_SMTP_URL: url, ANNALS_MAIL_FROM: from } = settings;
  try {
    openPost(settings).close();
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
    yield problem(error.message);
  }
  if (url === undefined && from !== undefined) yield warning('ANNALS_MAIL_FROM is set, but no mail leaves: set ANNALS_SMTP_URL, or leave it out.');
  if (url !== undefined && WITH_PASSWORD.test(url))
    yield warning('Where the server for mails offers no TLS its password travels in the clear: let ANNALS_SMTP_URL begin with smtps://.');
  if (url !== undefined && settings.ANNALS_PASSWORD_LOGIN === 'off' && !hasLogin(settings))
    yield warning('ANNALS_SMTP_URL is set, but nobody logs in here, so there is nothing to mail: set ANNALS_PASSWORD_LOGIN=on, or a provider.');
}

/** Who becomes the first administrator. */
function* ofFirst(settings: Settings): Generator<Finding> {
  const { ANNALS_ADMIN_EMAIL: email, ANNALS_ADMIN_ISSUER: issuer, MICROSOFT_CLIENT_ID: microsoft, MICROSOFT_TENANT: tenant } = settings;
  const ways = hasLogin(settings) || settings.ANNALS_PASSWORD_LOGIN === 'on';
  if (email === undefined && ways && !isForLocalPerson(settings) && (hasLogin(settings) || isRegistrationOpen(settings)))
    yield warning(
      'Whoever comes first becomes the administrator: set ANNALS_ADMIN_EMAIL and ANNALS_ADMIN_ISSUER, or let yourself in by `annals person invite` before others can, unless that has happened.',
    );
  if (email === undefined || issuer === undefined) return;
  // Of a tenant that stands for many the issuer is the one of each person's own.
  const known =
    loginProviders(settings).some((each) => each.issuer === issuer) || (microsoft !== undefined && /^(common|organizations|consumers)$/.test(tenant));
  if (!known)
    yield problem(
      `ANNALS_ADMIN_ISSUER is the issuer of no provider that is set, so ${email} never becomes the administrator: give it the issuer of one.`,
    );
}

function* ofPasswords(settings: Settings): Generator<Finding> {
  const { ANNALS_SMTP_URL: url, ANNALS_REGISTRATION: registration, ANNALS_TRUSTED_PROXIES: proxies, ANNALS_TLS_CERT: certificate } = settings;
  if (url === undefined)
    yield warning(
      registration === 'open'
        ? 'ANNALS_REGISTRATION is open, but no mail leaves, so whoever asks for an account waits for an administrator: set ANNALS_SMTP_URL.'
        : 'No mail leaves, so administrators hand over the links of invitations and for new passwords: set ANNALS_SMTP_URL where that is not wanted.',
    );
  if (settings.ANNALS_PUBLIC_URL?.startsWith('https:') && certificate === undefined && proxies.length === 0)
    yield warning(
      'A proxy is in front, and all who come have its address, so ten wrong passwords of one shut out everybody: name it in ANNALS_TRUSTED_PROXIES, and let it send X-Forwarded-For and ANNALS_PROXY_SECRET.',
    );
}

const WORLD = ['GOOGLE_CLIENT_ID', 'MICROSOFT_CLIENT_ID', 'APPLE_CLIENT_ID'] as const;

function* ofSessions(settings: Settings): Generator<Finding> {
  if (settings.ANNALS_PUBLIC_URL?.startsWith('https:') !== true && settings.ANNALS_TLS_CERT === undefined)
    yield warning(
      'ANNALS_PUBLIC_URL does not begin with https, so sessions and passwords travel in the clear: put a certificate in front, and say under which address people come.',
    );
  if (settings.ANNALS_REGISTRATION === undefined && WORLD.some((name) => settings[name] !== undefined))
    yield warning(
      'Anybody with an account at these providers may make one here: set ANNALS_REGISTRATION to closed once everybody has logged in, or to open.',
    );
}
