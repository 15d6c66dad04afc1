import { createPrivateKey } from 'node:crypto';
import { importPKCS8, SignJWT } from 'jose';
import type { ProviderConfig } from '../api/http/login/provider.ts';
import type { Settings } from '../settings.ts';

const APPLE = 'https://appleid.apple.com';
/** Apple takes a secret for half a year; each of ours is for one use. */
const APPLE_SECRET_S = 300;

/** Providers where people may log in, in the order of the page. */
export function loginProviders(settings: Settings): readonly ProviderConfig[] {
  const { GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, MICROSOFT_CLIENT_ID, MICROSOFT_CLIENT_SECRET, MICROSOFT_TENANT, APPLE_CLIENT_ID } = settings;
  const usual = { pkce: 'off', scopes: ['profile', 'email'] } as const;
  const providers: ProviderConfig[] = [];
  if (GOOGLE_CLIENT_ID !== undefined && GOOGLE_CLIENT_SECRET !== undefined)
    providers.push({
      ...usual,
      key: 'google',
      label: 'Google',
      issuer: 'https://accounts.google.com',
      clientId: GOOGLE_CLIENT_ID,
      clientSecret: async () => GOOGLE_CLIENT_SECRET,
    });
  if (MICROSOFT_CLIENT_ID !== undefined && MICROSOFT_CLIENT_SECRET !== undefined)
    providers.push({
      ...usual,
      key: 'microsoft',
      label: 'Microsoft',
      issuer: `https://login.microsoftonline.com/${MICROSOFT_TENANT}/v2.0`,
      clientId: MICROSOFT_CLIENT_ID,
      clientSecret: async () => MICROSOFT_CLIENT_SECRET,
    });
  if (APPLE_CLIENT_ID !== undefined)
    providers.push({
      ...usual,
      key: 'apple',
      label: 'Apple',
      issuer: APPLE,
      clientId: APPLE_CLIENT_ID,
      clientSecret: appleSecret(settings, APPLE_CLIENT_ID),
      scopes: ['name', 'email'],
      formPost: true,
    });
  for (const { key, issuer, clientId, clientSecret, pkce, scopes, label } of settings.ANNALS_OIDC)
    providers.push({
      key,
      label: label ?? key.slice(0, 1).toUpperCase() + key.slice(1),
      issuer,
      clientId,
      clientSecret: clientSecret === undefined ? undefined : async () => clientSecret,
      pkce: clientSecret === undefined ? 'on' : pkce,
      scopes,
    });
  return providers;
}

/** A key in one line may write its line breaks as `\n`. */
const pem = (text: string): string => text.replaceAll('\\n', '\n');

/** Apple’s client secret is a JWT that the team’s key signs. https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret */
export function appleSecret({ APPLE_TEAM_ID = '', APPLE_KEY_ID = '', APPLE_PRIVATE_KEY = '' }: Settings, clientId: string): () => Promise<string> {
  return async () =>
    new SignJWT()
      .setProtectedHeader({ alg: 'ES256', kid: APPLE_KEY_ID })
      .setIssuer(APPLE_TEAM_ID)
      .setSubject(clientId)
      .setAudience(APPLE)
      .setIssuedAt()
      .setExpirationTime(`${APPLE_SECRET_S}s`)
      .sign(await importPKCS8(pem(APPLE_PRIVATE_KEY), 'ES256'));
}

/** What is wrong with the settings of logins, a sentence each. */
export function* loginProblems(settings: Settings): Generator<string> {
  const belongTogether = (names: readonly (keyof Settings)[]): string | undefined => {
    const missing = names.filter((name) => settings[name] === undefined);
    return missing.length === 0 || missing.length === names.length
      ? undefined
      : `${names.join(', ')} belong together: set ${missing.join(' and ')} too.`;
  };
  for (const names of [
    ['GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET'],
    ['MICROSOFT_CLIENT_ID', 'MICROSOFT_CLIENT_SECRET'],
    ['APPLE_CLIENT_ID', 'APPLE_TEAM_ID', 'APPLE_KEY_ID', 'APPLE_PRIVATE_KEY'],
    ['ANNALS_ADMIN_EMAIL', 'ANNALS_ADMIN_ISSUER'],
  ] as const) {
    const problem = belongTogether(names);
    if (problem !== undefined) yield problem;
  }
  if (settings.APPLE_PRIVATE_KEY !== undefined && !isEllipticKey(settings.APPLE_PRIVATE_KEY))
    yield 'APPLE_PRIVATE_KEY is no private key for ES256: give it the text of the .p8 file, with \\n for each line break.';
  if (settings.APPLE_CLIENT_ID !== undefined && settings.ANNALS_PUBLIC_URL?.startsWith('https:') !== true)
    yield 'Apple answers to addresses with https only: set ANNALS_PUBLIC_URL to the one under which people come.';
}

function isEllipticKey(text: string): boolean {
  try {
    return createPrivateKey(pem(text)).asymmetricKeyDetails?.namedCurve === 'prime256v1';
  } catch {
    return false;
  }
}

/** Whether people log in here: then nobody is let in only because they sit at the machine. */
export const hasLogin = (settings: Settings): boolean => loginProviders(settings).length > 0;
