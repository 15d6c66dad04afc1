import type { IncomingMessage } from 'node:http';
import { LRUCache } from 'lru-cache';
import { PersonId } from '../../../domain/ids.ts';
import type { ModelRule, Permission } from '../../../domain/permission.ts';
import { isAnonymous } from '../../../domain/person.ts';
import type { Principal, RoleRef } from '../../../domain/principal.ts';
import type { Doors } from '../doors.ts';
import { createProxyCheck, proxyPerson, type TrustedProxies, userNamed } from './proxy.ts';
import type { Tokens, VerifiedToken } from './tokens.ts';

/** What the views know of somebody who comes with a token. */
export interface KnownPersons {
  /** Who has taken over this anonymous person. */
  claimedBy(person: string): Promise<PersonId | undefined>;
  /** The anonymous persons this one has taken over. */
  claimedOf(person: string): Promise<readonly PersonId[]>;
  /** As the log has it now. */
  standingOf(person: string): Promise<Standing>;
  /** What somebody with these roles may do beside what those that are always there say. */
  rightsOf(person: string, roles: readonly RoleRef[]): Promise<Rights>;
}

export interface Rights {
  readonly permissions: readonly Permission[];
  readonly models: readonly ModelRule[];
}

export interface Standing {
  readonly disabled: boolean;
  /** Of a registered person: they count, whatever the token says. */
  readonly roles?: readonly RoleRef[];
  /** ISO time: tokens from before stand for nobody. */
  readonly signedOutAt?: string;
  /** ISO time from which the token stands for nobody; undefined where none has been said. */
  readonly revokedFrom: (tokenId: string) => string | undefined;
}

export interface IdentityOptions {
  readonly tokens: Tokens;
  /** True only when the server listens on loopback addresses and nowhere else. */
  readonly localPerson: boolean;
  readonly known: KnownPersons;
  /** Proxies that say in `X-User-ID` who comes. */
  readonly proxies?: TrustedProxies | undefined;
  /** On a loopback address only: whoever comes from there is believed what `X-User-ID` says. */
  readonly devUser?: boolean | undefined;
}

export type Identified =
  | {
      readonly ok: true;
      readonly principal: Principal;
      /** Of the token it came with, seconds since 1970; the local person has none. */
      readonly expires?: number;
      /** Whether it would still be let in as the same: false once the token has been revoked, its person disabled or taken over, or given other rights. At most 5 s late. */
      readonly isWelcome: () => Promise<boolean>;
    }
  | { readonly ok: false; readonly message: string };

export interface Identity {
  /** Who sends this request. */
  identify(req: IncomingMessage): Promise<Identified>;
  /** Somebody has taken over this anonymous person: its tokens stand for nobody any more. At most 5 s late. */
  isClaimed(person: string): Promise<boolean>;
  /** Whom an address stands for that was made for this person; undefined where it is shut out. At most 5 s late. */
  standingFor(person: PersonId): Promise<Principal | undefined>;
  /** Forgets what is known of these persons or tokens, because it has just changed. */
  forget(...ids: readonly string[]): void;
}

/** Whoever sits at this machine. */
export const LOCAL: Principal = { id: PersonId.parse('person_local'), kind: 'person', roles: ['administrator', 'member'] };
/** What is known of somebody is looked up again after this, in ms. */
const KNOWN_MS = 2500;
const MOST_KNOWN = 10_000;

/** Where clients come that send no name. */
const DEV_PATHS = /^\/v1\/chat\//;
const DEV_USER = 'default-user';

const GONE = 'This token is not valid, or no longer: get a new one.';
const DISABLED = 'This account has been disabled: ask an administrator.';
const TAKEN_OVER = 'The threads of this visitor have been taken over: log in as the person who did.';

export interface IdentityParts {
  readonly doors: Doors;
  /** Makes a person known that a proxy names for the first time. */
  readonly register: (person: PersonId) => Promise<void>;
}

export function createIdentity({ tokens, localPerson, known, proxies, devUser }: IdentityOptions, { doors, register }: IdentityParts): Identity {
  const isProxy = proxies ? createProxyCheck(proxies) : () => false;
  const remembered = new LRUCache<string, { readonly said: unknown }>({ max: 4 * MOST_KNOWN, ttl: KNOWN_MS });
  const look = async <Said>(what: string, id: string, find: (id: string) => Promise<Said>): Promise<Said> => {
    const key = `${what} ${id}`;
    const known = remembered.get(key);
    if (known) return known.said as Said;
    const said = await find(id);
    remembered.set(key, { said });
    return said;
  };

  const isClaimed = async (person: string): Promise<boolean> => (await look('claimed by', person, known.claimedBy)) !== undefined;
  const withClaims = async (principal: Principal): Promise<Principal> => {
    const of = await look('claims of', principal.id, known.claimedOf);
    return of.length === 0 ? principal : { ...principal, claimed: of };
  };

  /** With what roles made here, grants and rules of models add; what is everybody's a restricted token sees only if it says so. */
  const withRights = async (principal: Principal, remembered: string = principal.id): Promise<Principal> => {
    const { permissions, models } = await look('rights of', remembered, () => known.rightsOf(principal.id, principal.roles));
    const unrestricted = mayAdminister(principal.scopes);
    const held = unrestricted ? permissions : permissions.filter(({ condition }) => condition !== 'all');
    return {
      ...principal,
      roles: unrestricted ? principal.roles : principal.roles.map((role) => (role === 'administrator' ? 'member' : role)),
      ...(held.length === 0 ? {} : { permissions: held }),
      ...(models.length === 0 ? {} : { models }),
    };
  };

  /** Whom the token stands for now, or why for nobody. */
  const admitted = async ({ principal, tokenId, issuedAt, expires }: VerifiedToken): Promise<Principal | string> => {
    if (expires <= Date.now() / 1000) return GONE;
    if (principal.kind === 'anonymous') return (await isClaimed(principal.id)) ? TAKEN_OVER : withRights(principal);
    const { disabled, signedOutAt, revokedFrom, roles } = await look('standing', principal.id, known.standingOf);
    if (disabled) return DISABLED;
    const revoked = revokedFrom(tokenId);
    if (revoked !== undefined && Date.parse(revoked) <= Date.now()) return GONE;
    if (signedOutAt !== undefined && issuedAt <= Math.floor(Date.parse(signedOutAt) / 1000)) return GONE;
    const asTold = roles === undefined ? `${principal.id} ${principal.roles}` : principal.id;
    return withClaims(await withRights({ ...principal, roles: roles ?? principal.roles }, asTold));
  };

  /** The user that a trusted proxy names; undefined where nobody is named by somebody who may. */
  const named = async (req: IncomingMessage): Promise<Identified | undefined> => {
    const user = userNamed(req) ?? (devUser && DEV_PATHS.test(req.url ?? '') ? DEV_USER : undefined);
    if (user === undefined || !(isProxy(req) || (devUser && isLoopbackPeer(req) && isLocal(req, doors)))) return undefined;
    const id = proxyPerson(user);
    const standing = async () => look('standing', id, known.standingOf);
    if ((await standing()).roles === undefined) {
      await register(id);
      remembered.delete(`standing ${id}`);
    }
    const { disabled, roles = [] } = await standing();
    if (disabled) return { ok: false, message: DISABLED };
    const principal = await withRights({ id, kind: 'person', roles });
    const isWelcome = async (): Promise<boolean> => {
      const { disabled: shutOut, roles: now = [] } = await standing();
      return !shutOut && isSame(principal, await withRights({ id, kind: 'person', roles: now }));
    };
    return { ok: true, principal: await withClaims(principal), isWelcome };
  };

  return {
    async identify(req) {
      const bearer = bearerOf(req);
      if (bearer !== undefined && looksLikeJwt(bearer)) {
        const verified = await tokens.verify(bearer);
        const admission = verified ? await admitted(verified) : GONE;
        if (!verified || typeof admission === 'string') return { ok: false, message: String(admission) };
        const isWelcome = async (): Promise<boolean> => {
          const now = await admitted(verified);
          return typeof now !== 'string' && isSame(admission, now);
        };
        return { ok: true, principal: admission, expires: verified.expires, isWelcome };
      }
      const byProxy = await named(req);
      if (byProxy) return byProxy;
      if (localPerson && isLocal(req, doors)) return { ok: true, principal: await withClaims(await withRights(LOCAL)), isWelcome: always };
      return { ok: false, message: 'Send a token of this server as "Authorization: Bearer …".' };
    },
    isClaimed,
    standingFor: async (person) => {
      if (isAnonymous(person)) return (await isClaimed(person)) ? undefined : withRights({ id: person, kind: 'anonymous', roles: [] });
      const { disabled, roles = ['member'] } = await look('standing', person, known.standingOf);
      return disabled ? undefined : withRights({ id: person, kind: 'person', roles });
    },
    forget: (...ids) => {
      for (const id of ids) for (const what of ['claimed by', 'claims of', 'standing', 'rights of']) remembered.delete(`${what} ${id}`);
    },
  };
}

const always = async (): Promise<boolean> => true;

/** A restricted token makes nobody an administrator unless it says so. */
const mayAdminister = (scopes: readonly string[] | undefined): boolean => scopes === undefined || scopes.includes('administer');

/** Whether somebody still may do the same. */
const isSame = (then: Principal, now: Principal): boolean => rightsIn(then) === rightsIn(now);
const rightsIn = ({ roles, permissions = [], models = [] }: Principal): string => JSON.stringify([roles, permissions, models]);

const bearerOf = (req: IncomingMessage): string | undefined => /^Bearer +(\S+) *$/i.exec(req.headers.authorization ?? '')?.[1];

/** Three parts, or the five of an encrypted one; whatever else clients put there, because they must put something, counts as no token. */
const looksLikeJwt = (bearer: string): boolean => /^[\w-]+(?:\.[\w-]*){2}(?:(?:\.[\w-]*){2})?$/.test(bearer);

/** From this machine, under a name of ours (the server has checked that), and not on behalf of a page of another origin. */
export function isLocal(req: IncomingMessage, doors: Doors): boolean {
  if (!isLoopbackPeer(req)) return false;
  const { origin, 'sec-fetch-site': site } = req.headers;
  if (site === undefined) return origin === undefined;
  return (site === 'same-origin' || site === 'none') && (origin === undefined || doors.isOwnOrigin(req));
}

export const isLoopbackPeer = (req: IncomingMessage): boolean => /^(?:::1|(?:::ffff:)?127(?:\.\d{1,3}){3})$/.test(req.socket.remoteAddress ?? '');
