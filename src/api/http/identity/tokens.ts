import { createSecretKey, randomUUID } from 'node:crypto';
import { type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { PersonId, SessionId } from '../../../domain/ids.ts';
import { ANONYMOUS_PREFIX, isAnonymous } from '../../../domain/person.ts';
import { type Principal, RoleRef } from '../../../domain/principal.ts';

const HOUR = 3600;
const ACCESS_SECONDS = HOUR;
const REFRESH_SECONDS = 30 * 24 * HOUR;
const ACCESS = 'annals';
const REFRESH = 'annals-refresh';
const REFRESH_PREFIX = 'refresh_';
const KNOWN_TOKENS = 10_000;

const Claims = z.object({
  sub: PersonId,
  kind: z.enum(['person', 'anonymous']),
  roles: z.array(RoleRef),
  scope: z.string().optional(),
  jti: z.string(),
  sid: SessionId.optional(),
  iat: z.number().int().default(0),
  exp: z.number().int(),
});
const RefreshClaims = z.object({ sub: PersonId.refine(isAnonymous), exp: z.number().int() });

export interface AccessToken {
  readonly token: string;
  readonly tokenId: string;
  readonly expiresAt: Date;
}
export interface VerifiedToken {
  readonly principal: Principal;
  readonly tokenId: string;
  /** Of the session it was minted from, with which it ends. */
  readonly sessionId?: SessionId;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expires: number;
}

export interface AccessOptions {
  readonly seconds?: number;
  readonly notAfter?: number;
  readonly tokenId?: string;
  readonly sessionId?: SessionId | undefined;
}

export interface Tokens {
  /** A JWT that stands for the principal: an hour, or as long as is said, but not after `notAfter` (seconds since 1970). */
  access(principal: Principal, options?: AccessOptions): Promise<AccessToken>;
  /** Undefined for whatever is not an access token of this installation, valid now. */
  verify(token: string): Promise<VerifiedToken | undefined>;
  /** For 30 days from now; only anonymous persons have refresh tokens. */
  refresh(person: PersonId): Promise<{ readonly token: string; readonly expiresAt: Date }>;
  verifyRefresh(token: string): Promise<PersonId | undefined>;
}

export interface TokensOptions {
  /** At least 32 bytes. */
  readonly secret: Uint8Array;
  /** The id of this installation. */
  readonly issuer: string;
  readonly algorithm?: 'HS256' | 'HS384' | 'HS512';
  readonly now?: () => Date;
}

/** Signs and checks tokens; nothing about them is stored. Throws when the secret is too short to sign with. */
export function createTokens({ secret, issuer, algorithm = 'HS256', now = () => new Date() }: TokensOptions): Tokens {
  if (secret.byteLength < 32) throw new Error('The secret that signs tokens must have at least 32 bytes.');
  const key = createSecretKey(secret);

  const sign = async (audience: string, subject: string, claims: JWTPayload, seconds: number): Promise<{ token: string; expiresAt: Date }> => {
    const issuedAt = Math.floor(now().getTime() / 1000);
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(subject)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + seconds)
      .sign(key);
    return { token, expiresAt: new Date((issuedAt + seconds) * 1000) };
  };
  const payloadOf = async (token: string, audience: string): Promise<unknown> => {
    try {
      return (await jwtVerify(token, key, { algorithms: [algorithm], issuer, audience, currentDate: now(), requiredClaims: ['exp', 'sub'] })).payload;
    } catch {
      return undefined;
    }
  };

  /** A signature once found right stays right; only the time is looked at again. */
  const verified = new LRUCache<string, VerifiedToken>({ max: KNOWN_TOKENS });

  return {
    async access({ id, kind, roles, scopes }, options = {}) {
      const { seconds = ACCESS_SECONDS, notAfter = Number.POSITIVE_INFINITY, tokenId = randomUUID(), sessionId } = options;
      const claims = {
        kind,
        roles: [...roles],
        jti: tokenId,
        ...(sessionId === undefined ? {} : { sid: sessionId }),
        ...(scopes ? { scope: scopes.join(' ') } : {}),
      };
      const left = Math.max(1, notAfter - Math.floor(now().getTime() / 1000));
      return { ...(await sign(ACCESS, id, claims, Math.min(seconds, left))), tokenId };
    },
    async verify(token) {
      const known = verified.get(token);
      if (known && known.expires > Math.floor(now().getTime() / 1000)) return known;
      verified.delete(token);
      const found = principalOf(await payloadOf(token, ACCESS));
      if (found) verified.set(token, found);
      return found;
    },
    async refresh(person) {
      const { token, expiresAt } = await sign(REFRESH, person, { jti: randomUUID() }, REFRESH_SECONDS);
      return { token: REFRESH_PREFIX + token, expiresAt };
    },
    async verifyRefresh(token) {
      if (!token.startsWith(REFRESH_PREFIX)) return undefined;
      return RefreshClaims.safeParse(await payloadOf(token.slice(REFRESH_PREFIX.length), REFRESH)).data?.sub;
    },
  };
}

function principalOf(payload: unknown): VerifiedToken | undefined {
  const claims = Claims.safeParse(payload).data;
  if (!claims || isAnonymous(claims.sub) !== (claims.kind === 'anonymous')) return undefined;
  const { sub, kind, roles, scope, jti, sid, iat, exp } = claims;
  return {
    principal: { id: sub, kind, roles, ...(scope === undefined ? {} : { scopes: scope.split(' ') }) },
    tokenId: jti,
    ...(sid === undefined ? {} : { sessionId: sid }),
    issuedAt: iat,
    expires: exp,
  };
}

export const newAnonymous = (): Principal => ({
  id: PersonId.parse(ANONYMOUS_PREFIX + randomUUID().replaceAll('-', '')),
  kind: 'anonymous',
  roles: [],
});
