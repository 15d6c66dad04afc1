import { createHmac, createSecretKey, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SessionId } from '../../../domain/ids.ts';
import type { Session } from '../../../domain/session.ts';

const DAY_MS = 24 * 3600_000;
const IDLE_DAYS = 30;
const MOST_DAYS = 180;

export interface SessionOptions {
  /** At least 32 bytes: what the log keeps of a session's secret is made with it. */
  readonly secret: Uint8Array;
  /** A session that nobody uses is over after this; default 30 days. */
  readonly idleMs?: number;
  /** Any session is over after this; default 180 days. */
  readonly maxMs?: number;
  /** In ms since 1970. */
  readonly now?: () => number;
}

/** What its client holds, and what the log keeps of that. */
export interface SessionCredential {
  readonly sessionId: SessionId;
  /** `<session>.<256 random bits>`. */
  readonly credential: string;
  /** HMAC of the secret, in hex. */
  readonly proof: string;
}

/** How sessions are known again: nothing of a secret is kept anywhere but in its client. */
export interface SessionKeys {
  /** With a new secret, for a new session unless one is named. */
  create(sessionId?: SessionId): SessionCredential;
  /** Undefined for what cannot be one. */
  read(credential: string): SessionCredential | undefined;
  isSame(proof: string, other: string): boolean;
  /** When it is over unless it is used again before, in ms since 1970. */
  endsAt(session: Pick<Session, 'openedAt' | 'usedAt'>): number;
  now(): number;
  /** Whether the browser has come by https. */
  isSecure(req: IncomingMessage): boolean;
  /** The credential in the request's cookie. */
  cookieOf(req: IncomingMessage): SessionCredential | undefined;
  /** The value of a `Set-Cookie` header; without a credential it takes the cookie away. */
  setCookie(req: IncomingMessage, credential?: string): string;
}

const CREDENTIAL = /^(session_[0-9a-f]{32})\.([\w-]{43})$/;

/** Throws when the secret is too short. */
export function createSessionKeys(
  { secret, idleMs = IDLE_DAYS * DAY_MS, maxMs = MOST_DAYS * DAY_MS, now = Date.now }: SessionOptions,
  publicUrl?: string,
): SessionKeys {
  if (secret.byteLength < 32) throw new Error('The secret for sessions must have at least 32 bytes.');
  const key = createSecretKey(secret);
  const proofOf = (sessionId: string, part: string): string => createHmac('sha256', key).update(`session ${sessionId} ${part}`).digest('hex');
  const isSecure = (req: IncomingMessage): boolean => publicUrl?.startsWith('https:') === true || 'encrypted' in req.socket;
  const nameFor = (req: IncomingMessage): string => (isSecure(req) ? '__Host-annals' : 'annals');

  const read: SessionKeys['read'] = (credential) => {
    const [, sessionId, part] = CREDENTIAL.exec(credential) ?? [];
    return sessionId === undefined || part === undefined
      ? undefined
      : { sessionId: SessionId.parse(sessionId), credential, proof: proofOf(sessionId, part) };
  };
  return {
    create: (sessionId = SessionId.parse(`session_${randomUUID().replaceAll('-', '')}`)) => {
      const part = randomBytes(32).toString('base64url');
      return { sessionId, credential: `${sessionId}.${part}`, proof: proofOf(sessionId, part) };
    },
    read,
    isSame: (proof, other) => proof.length === other.length && timingSafeEqual(Buffer.from(proof), Buffer.from(other)),
    endsAt: ({ openedAt, usedAt }) => Math.min(Date.parse(openedAt) + maxMs, Date.parse(usedAt) + idleMs),
    now,
    isSecure,
    cookieOf: (req) => {
      const value = cookieNamed(req, nameFor(req));
      return value === undefined ? undefined : read(value);
    },
    setCookie: (req, credential) =>
      cookie(nameFor(req), credential ?? '', { secure: isSecure(req), maxAgeS: credential === undefined ? 0 : Math.floor(maxMs / 1000) }),
  };
}

/** The one cookie of that name; undefined where there is none, or several that may disagree. */
export function cookieNamed(req: IncomingMessage, name: string): string | undefined {
  const values = (req.headers.cookie ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
  return values.length === 1 ? values[0] : undefined;
}

/** For this host alone, hidden from scripts, and sent along from other sites only when somebody follows a link here. */
export const cookie = (
  name: string,
  value: string,
  { secure, maxAgeS, sameSite = 'Lax' }: { readonly secure: boolean; readonly maxAgeS: number; readonly sameSite?: 'Lax' | 'None' },
): string => `${name}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}`;
