import { jwtVerify } from 'jose';
import { z } from 'zod';
import { LoginFailed } from './login-failed.ts';
import { expectedIssuer, type Provider } from './provider.ts';
import type { Proof } from './strategies.ts';

const text = (most: number) => z.string().trim().min(1).max(most).optional().catch(undefined);

/** What a provider says of a person; what does not fit counts as not said. https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims */
const Claims = z.object({
  name: text(255),
  email: text(320),
  /** Nothing but the word itself counts, not even the text `true`. */
  email_verified: z.literal(true).optional().catch(undefined),
  picture: z
    .url({ protocol: /^https$/ })
    .max(2048)
    .optional()
    .catch(undefined),
});
export type Claims = z.infer<typeof Claims>;

export interface ProvenIdentity {
  /** Together they are who somebody is; an e-mail address never is. */
  readonly issuer: string;
  readonly subject: string;
  readonly claims: Claims;
}

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const SKEW_S = 60;
const Subject = z.string().min(1).max(255);

/** Believes an ID token by the provider's own signature, for us, of this login, still valid; completes it from the userinfo endpoint. */
export async function claimsOf(provider: Provider, { idToken, accessToken }: Proof, nonce: string): Promise<ProvenIdentity> {
  const metadata = (await provider.configuration()).serverMetadata();
  const keys = await provider.keys();
  const { payload } = await jwtVerify(idToken, keys, {
    algorithms: ALGORITHMS,
    audience: provider.clientId,
    clockTolerance: SKEW_S,
    requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat', 'nonce'],
  }).catch((error: unknown) => {
    throw new LoginFailed('IdTokenRefused', error);
  });
  const { iss = '', sub, aud, azp } = payload;
  const isForUs = Array.isArray(aud) && aud.length > 1 ? azp === provider.clientId : azp === undefined || azp === provider.clientId;
  const subject = Subject.safeParse(sub).data;
  if (iss !== expectedIssuer(metadata, payload) || payload.nonce !== nonce || !isForUs || subject === undefined)
    throw new LoginFailed('IdTokenRefused');
  const said = Claims.parse(payload);
  const more = said.name === undefined || said.email === undefined ? await userInfo(provider, metadata.userinfo_endpoint, accessToken, subject) : {};
  return { issuer: iss, subject, claims: { ...more, ...definedOf(said) } };
}

const USERINFO_MS = 10_000;
const MOST_BYTES = 256 * 1024;

/** What the provider says there of the same person; without an answer a login goes on without it. */
async function userInfo(provider: Provider, endpoint: string | undefined, accessToken: string, subject: string): Promise<Claims> {
  if (endpoint === undefined || accessToken === '') return {};
  try {
    const response = await provider.fetch(endpoint, {
      headers: { authorization: `Bearer ${accessToken}`, accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(USERINFO_MS),
    });
    const body = response.ok ? await response.text() : '';
    const said = z.looseObject({ sub: z.literal(subject) }).safeParse(body.length > MOST_BYTES ? undefined : JSON.parse(body || 'null'));
    return said.success ? Claims.parse(said.data) : {};
  } catch {
    return {};
  }
}

const definedOf = (claims: Claims): Claims => Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
