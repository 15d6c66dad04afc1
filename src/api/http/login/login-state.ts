import { createSecretKey } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { EncryptJWT, jwtDecrypt } from 'jose';
import { z } from 'zod';
import { PersonId, SessionId } from '../../../domain/ids.ts';
import { cookie, cookieNamed } from '../identity/session-keys.ts';

const SECONDS = 600;
const NAME = 'annals-login';

/** What a login has to remember between its two halves. */
export const LoginState = z.object({
  provider: z.string(),
  state: z.string().min(16),
  nonce: z.string().min(16),
  verifier: z.string().optional(),
  /** The secret of an invitation that lets in whoever it is. */
  invitation: z.string().max(512).optional(),
  /** A path of our own. */
  returnTo: z.string(),
  /** The session that asked to be reachable this way too. */
  link: z.object({ person: PersonId, sessionId: SessionId }).optional(),
});
export type LoginState = z.infer<typeof LoginState>;

export interface LoginStates {
  /** The `Set-Cookie` header that keeps it for ten minutes, in the browser alone: any node can go on with it, and nobody can read or change it. */
  keep(state: LoginState, options: { readonly secure: boolean; readonly crossSite: boolean }): Promise<string>;
  read(req: IncomingMessage, secure: boolean): Promise<LoginState | undefined>;
  forget(secure: boolean): string;
}

/** `secret`: 32 bytes. */
export function createLoginStates(secret: Uint8Array): LoginStates {
  const key = createSecretKey(secret);
  const nameOf = (secure: boolean): string => (secure ? `__Host-${NAME}` : NAME);
  return {
    keep: async (state, { secure, crossSite }) => {
      const sealed = await new EncryptJWT({ login: state })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setIssuedAt()
        .setExpirationTime(`${SECONDS}s`)
        .encrypt(key);
      // What another site's page posts brings only such a cookie along, and browsers keep that one only for https.
      return cookie(nameOf(secure), sealed, { secure, maxAgeS: SECONDS, sameSite: crossSite && secure ? 'None' : 'Lax' });
    },
    read: async (req, secure) => {
      const sealed = cookieNamed(req, nameOf(secure));
      if (sealed === undefined) return undefined;
      try {
        const { payload } = await jwtDecrypt(sealed, key, {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
          requiredClaims: ['exp'],
        });
        return LoginState.safeParse(payload.login).data;
      } catch {
        return undefined;
      }
    },
    forget: (secure) => cookie(nameOf(secure), '', { secure, maxAgeS: 0 }),
  };
}

/** A path of this server, without any way to be read as another host's: undefined for everything else. */
export function ownPath(given: string | undefined): string | undefined {
  if (given === undefined || given.length > 2000 || !/^\/(?![/\\])[\x21-\x7e]*$/.test(given) || given.includes('\\')) return undefined;
  const base = 'http://own.invalid';
  if (!URL.canParse(given, base)) return undefined;
  const { origin, pathname, search, hash } = new URL(given, base);
  return origin === base && !pathname.startsWith('//') ? pathname + search + hash : undefined;
}
