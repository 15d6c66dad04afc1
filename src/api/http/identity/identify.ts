import type { IncomingMessage } from 'node:http';
import type { PersonId, SessionId } from '../../../domain/ids.ts';
import { LOCAL_PERSON } from '../../../domain/person.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { Doors } from '../doors.ts';
import { type Admission, type Admitted, createAdmission, DISABLED, GONE, hasSameRights, type KnownPersons, type KnownSession } from './admission.ts';
import { createProxyCheck, forwardedFor, proxyPerson, type TrustedProxies, userNamed } from './proxy.ts';
import type { SessionKeys, SessionOptions } from './session-keys.ts';
import type { Tokens } from './tokens.ts';

export interface IdentityOptions {
  readonly tokens: Tokens;
  readonly sessions: SessionOptions;
  /** True only when the server listens on loopback addresses and nowhere else. */
  readonly localPerson: boolean;
  readonly known: KnownPersons;
  /** Proxies that say in `X-User-ID` who comes. */
  readonly proxies?: TrustedProxies | undefined;
  /** On a loopback address only: whoever comes from there is believed what `X-User-ID` says. */
  readonly devUser?: boolean | undefined;
}

/** What a request came with: a token minted from it carries the same, and so ends with it. */
export interface CameWith {
  readonly tokenId?: string;
  readonly sessionId?: SessionId;
}

export type Identified =
  | {
      readonly ok: true;
      readonly principal: Principal;
      /** Of the token or session it came with, seconds since 1970; the local person has none. */
      readonly expires?: number;
      readonly cameWith?: CameWith;
      /** Whether it would still be let in as the same: false once the token or session has ended, its person disabled, taken over or given other rights. At most 5 s late. */
      readonly isWelcome: () => Promise<boolean>;
    }
  | { readonly ok: false; readonly code: 'Unauthenticated' | 'Forbidden'; readonly message: string };

export interface Identity extends Pick<Admission, 'isClaimed' | 'granted' | 'session' | 'forget'> {
  /** Who sends this request. */
  identify(req: IncomingMessage): Promise<Identified>;
  /** Where it comes from: what a trusted proxy says in `X-Forwarded-For` counts, what anybody else says there does not. */
  addressOf(req: IncomingMessage): string | undefined;
  /** An administrator has shut this person out. At most 5 s late. */
  isDisabled(person: string): Promise<boolean>;
}

/** Whoever sits at this machine. */
export const LOCAL: Principal = { id: LOCAL_PERSON, kind: 'person', roles: ['administrator', 'member'] };

/** Where clients come that send no name. */
const DEV_PATHS = /^\/v1\/chat\//;
const DEV_USER = 'default-user';
/** Programs that speak MCP send our own origin along, without what browsers add to it. */
const MCP_PATH = /^\/mcp(\?|$)/;

const FOREIGN = 'Only pages of this server itself may do this with its cookie: other clients send a token.';

export interface IdentityParts {
  readonly doors: Doors;
  readonly keys: SessionKeys;
  /** Makes a person known that a proxy names for the first time. */
  readonly register: (person: PersonId) => Promise<void>;
  /** The session has just been used, perhaps worth an event. */
  readonly used: (sessionId: SessionId, session: KnownSession) => void;
}

export function createIdentity({ tokens, localPerson, known, proxies, devUser }: IdentityOptions, parts: IdentityParts): Identity {
  const { doors, keys, register, used } = parts;
  const isProxy = proxies ? createProxyCheck(proxies) : () => false;
  const admission = createAdmission(known, keys);
  const { standing, withRights } = admission;
  /** Nobody who is admitted with other rights than before goes on with the old ones. */
  const staysAs =
    (principal: Principal, again: () => Promise<Admitted | string>): (() => Promise<boolean>) =>
    async () => {
      const now = await again();
      return typeof now !== 'string' && hasSameRights(principal, now.principal);
    };

  const byToken = async (bearer: string): Promise<Identified> => {
    const verified = await tokens.verify(bearer);
    const admitted = verified ? await admission.token(verified) : GONE;
    if (!verified || typeof admitted === 'string') return nobody(String(admitted));
    const { tokenId, sessionId } = verified;
    const isWelcome = staysAs(admitted.principal, () => admission.token(verified));
    return { ok: true, ...admitted, cameWith: sessionId === undefined ? { tokenId } : { sessionId }, isWelcome };
  };

  /** Whoever was erased does not come back: the next one under that name is new. */
  const livingPerson = async (user: string): Promise<PersonId> => {
    for (let life = 0; ; life++) if (!(await standing(proxyPerson(user, life))).erased) return proxyPerson(user, life);
  };

  /** The user that a trusted proxy names; undefined where nobody is named by somebody who may. */
  const byProxy = async (req: IncomingMessage): Promise<Identified | undefined> => {
    const user = userNamed(req) ?? (devUser && DEV_PATHS.test(req.url ?? '') ? DEV_USER : undefined);
    if (user === undefined || !(isProxy(req) || (devUser && isLoopbackPeer(req) && isLocal(req, doors)))) return undefined;
    const id = await livingPerson(user);
    if ((await standing(id)).roles === undefined) {
      await register(id);
      admission.forget(id);
    }
    const { disabled, roles = [] } = await standing(id);
    if (disabled) return nobody(DISABLED);
    const principal = await withRights({ id, kind: 'person', roles });
    const isWelcome = staysAs(principal, async () => {
      const { disabled: shutOut, roles: now = [] } = await standing(id);
      return shutOut ? DISABLED : { principal: await withRights({ id, kind: 'person', roles: now }), expires: Number.POSITIVE_INFINITY };
    });
    return { ok: true, principal, isWelcome };
  };

  /** Whose session the cookie names, unless another site's page has sent it along; undefined where there is none, or none any more. */
  const byCookie = async (req: IncomingMessage): Promise<Identified | undefined> => {
    const given = keys.cookieOf(req);
    const whose = comesFrom(req, doors);
    if (!given || (whose === 'elsewhere' && !mayChange(req))) return undefined;
    const { sessionId, proof } = given;
    const admitted = await admission.session(sessionId, proof);
    if (typeof admitted === 'string') return admitted === DISABLED ? nobody(admitted) : undefined;
    const { principal, expires, session } = admitted;
    if (session.kind !== 'cookie') return undefined;
    if (mayChange(req) && whose !== 'ownPage') return { ok: false, code: 'Forbidden', message: FOREIGN };
    used(sessionId, session);
    const isWelcome = staysAs(principal, () => admission.session(sessionId, proof));
    return { ok: true, principal, expires, cameWith: { sessionId }, isWelcome };
  };

  return {
    async identify(req) {
      const bearer = bearerOf(req);
      if (bearer !== undefined && looksLikeJwt(bearer)) return byToken(bearer);
      const named = (await byProxy(req)) ?? (await byCookie(req));
      if (named) return named;
      if (localPerson && isLocal(req, doors)) return { ok: true, principal: await withRights(LOCAL), isWelcome: always };
      return nobody('Log in, or send a token of this server as "Authorization: Bearer …".');
    },
    addressOf: (req) => (isProxy(req) ? forwardedFor(req) : undefined) ?? req.socket.remoteAddress,
    session: admission.session,
    granted: admission.granted,
    isClaimed: admission.isClaimed,
    isDisabled: async (person) => (await standing(person)).disabled,
    forget: admission.forget,
  };
}

const always = async (): Promise<boolean> => true;
const nobody = (message: string): Identified => ({ ok: false, code: 'Unauthenticated', message });

const bearerOf = (req: IncomingMessage): string | undefined => /^Bearer +(\S+) *$/i.exec(req.headers.authorization ?? '')?.[1];

/** Three parts, or the five of an encrypted one; whatever else clients put there, because they must put something, counts as no token. */
const looksLikeJwt = (bearer: string): boolean => /^[\w-]+(?:\.[\w-]*){2}(?:(?:\.[\w-]*){2})?$/.test(bearer);

/** Sockets too: their handshake is a GET, and what comes after it is not looked at again. */
const mayChange = ({ method, headers }: IncomingMessage): boolean => (method !== 'GET' && method !== 'HEAD') || headers.upgrade !== undefined;

/**
 * Whose doing a request is, as its browser tells: a page of ours, somebody at the browser (an address typed in, a link followed here), or a page of
 * another origin. Clients that say nothing of it are no browsers, or old ones.
 */
export function comesFrom(req: IncomingMessage, doors: Doors): 'ownPage' | 'somebody' | 'elsewhere' {
  const { origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = req.headers;
  const isOwn = origin !== undefined && doors.isOwnOrigin(req);
  if (site === 'same-origin') return origin === undefined || isOwn ? 'ownPage' : 'elsewhere';
  if (site === undefined) return origin === undefined ? 'somebody' : isOwn ? 'ownPage' : 'elsewhere';
  return site === 'none' || (mode === 'navigate' && !mayChange(req)) ? 'somebody' : 'elsewhere';
}

/** From this machine, under a name of ours (the server has checked that), and not on behalf of a page of another origin. */
export function isLocal(req: IncomingMessage, doors: Doors): boolean {
  if (!isLoopbackPeer(req)) return false;
  const { origin, 'sec-fetch-site': site } = req.headers;
  if (site === undefined) return origin === undefined || (MCP_PATH.test(req.url ?? '') && doors.isOwnOrigin(req));
  return (site === 'same-origin' || site === 'none') && (origin === undefined || doors.isOwnOrigin(req));
}

export const isLoopbackPeer = (req: IncomingMessage): boolean => /^(?:::1|(?:::ffff:)?127(?:\.\d{1,3}){3})$/.test(req.socket.remoteAddress ?? '');
