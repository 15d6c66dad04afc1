import { LRUCache } from 'lru-cache';
import type { PersonId, SessionId } from '../../../domain/ids.ts';
import type { ModelRule, Permission } from '../../../domain/permission.ts';
import { isAnonymous } from '../../../domain/person.ts';
import type { Principal, RoleRef } from '../../../domain/principal.ts';
import type { Session } from '../../../domain/session.ts';
import type { SessionKeys } from './session-keys.ts';
import type { VerifiedToken } from './tokens.ts';

/** What is known of somebody who comes with a token or a session. */
export interface KnownPersons {
  /** Who has taken over this anonymous person. */
  claimedBy(person: string): Promise<PersonId | undefined>;
  /** The anonymous persons this one has taken over. */
  claimedOf(person: string): Promise<readonly PersonId[]>;
  /** As the log has it now. */
  standingOf(person: string): Promise<Standing>;
  /** What somebody with these roles may do beside what those that are always there say. */
  rightsOf(person: string, roles: readonly RoleRef[]): Promise<Rights>;
  /** As the log has it now; undefined where there never was one. */
  sessionOf(session: string): Promise<KnownSession | undefined>;
  /** Whose this identity is. */
  ofIdentity(identity: string): Promise<PersonId | undefined>;
}

export interface Rights {
  readonly permissions: readonly Permission[];
  readonly models: readonly ModelRule[];
}

export interface Standing {
  readonly disabled: boolean;
  /** For good: whoever comes under the same name is somebody new. */
  readonly erased: boolean;
  /** Of a registered person: they count, whatever the token says. */
  readonly roles?: readonly RoleRef[];
  /** ISO time: tokens from before stand for nobody, and sessions opened before are over. */
  readonly signedOutAt?: string;
  /** Sessions opened before are over, but for one. */
  readonly sessionsEnded?: { readonly at: string; readonly except?: SessionId | undefined };
  /** ISO time from which the token stands for nobody; undefined where none has been said. */
  readonly revokedFrom: (tokenId: string) => string | undefined;
}

export type KnownSession = Pick<Session, 'kind' | 'method' | 'proof' | 'openedAt' | 'usedAt'> & { readonly owner: PersonId; readonly ended: boolean };

/** What is known of somebody is looked up again after this, in ms. */
const KNOWN_MS = 2500;
const MOST_KNOWN = 10_000;

export const GONE = 'This token is not valid, or no longer: get a new one.';
export const OVER = 'This session is over: log in again.';
export const DISABLED = 'This account has been disabled: ask an administrator.';
const TAKEN_OVER = 'The threads of this visitor have been taken over: log in as the person who did.';

/** Whom something stands for now, and until when at most (seconds since 1970). */
export interface Admitted {
  readonly principal: Principal;
  readonly expires: number;
}

export interface Admission {
  /** Whom the token stands for now, or why for nobody. */
  token(token: VerifiedToken): Promise<Admitted | string>;
  /** Whose session it is, or why nobody's: its secret is right only where a proof is given. */
  session(sessionId: SessionId, proof?: string): Promise<(Admitted & { readonly session: KnownSession }) | string>;
  /** Whom something stands for that was given out to this person under this grant, while it is still good. */
  granted(person: PersonId, grant: string | undefined): Promise<Principal | undefined>;
  isClaimed(person: string): Promise<boolean>;
  standing(person: string): Promise<Standing>;
  /** With all that it may do and whose data is its own; `remembered` by its id, unless its roles are only what a token says. */
  withRights(principal: Principal, remembered?: string): Promise<Principal>;
  forget(...ids: readonly string[]): void;
}

/** What comes of a token or a session now, by what is known of its person; at most `KNOWN_MS` late. */
export function createAdmission(known: KnownPersons, keys: SessionKeys): Admission {
  const remembered = new LRUCache<string, { readonly said: unknown }>({ max: 5 * MOST_KNOWN, ttl: KNOWN_MS });
  const look = async <Said>(what: string, id: string, find: (id: string) => Promise<Said>): Promise<Said> => {
    const key = `${what} ${id}`;
    const before = remembered.get(key);
    if (before) return before.said as Said;
    const said = await find(id);
    remembered.set(key, { said });
    return said;
  };

  const standing = (person: string): Promise<Standing> => look('standing', person, known.standingOf);
  const isClaimed = async (person: string): Promise<boolean> => (await look('claimed by', person, known.claimedBy)) !== undefined;
  const withRights: Admission['withRights'] = async (principal, remembered = principal.id) => {
    const [of, { permissions, models }] = await Promise.all([
      principal.kind === 'anonymous' ? [] : look('claims of', principal.id, known.claimedOf),
      look('rights of', remembered, () => known.rightsOf(principal.id, principal.roles)),
    ]);
    const unrestricted = mayAdminister(principal.scopes);
    const held = unrestricted ? permissions : permissions.filter(({ condition }) => condition !== 'all');
    return {
      ...principal,
      roles: unrestricted ? principal.roles : principal.roles.map((role) => (role === 'administrator' ? 'member' : role)),
      ...(of.length === 0 ? {} : { claimed: of }),
      ...(held.length === 0 ? {} : { permissions: held }),
      ...(models.length === 0 ? {} : { models }),
    };
  };

  const session: Admission['session'] = async (sessionId, proof) => {
    const found = await look('session', sessionId, known.sessionOf);
    if (!found || found.ended || (proof !== undefined && !keys.isSame(proof, found.proof))) return OVER;
    const ends = keys.endsAt(found);
    if (ends <= keys.now()) return OVER;
    const { disabled, signedOutAt, sessionsEnded, roles = ['member'] } = await standing(found.owner);
    if (disabled) return DISABLED;
    if (signedOutAt !== undefined && found.openedAt <= signedOutAt) return OVER;
    if (sessionsEnded && sessionsEnded.except !== sessionId && found.openedAt <= sessionsEnded.at) return OVER;
    const principal = await withRights({ id: found.owner, kind: 'person', roles, grant: `${SESSION}${sessionId}` });
    return { principal, expires: Math.floor(ends / 1000), session: found };
  };

  const token: Admission['token'] = async ({ principal, tokenId, sessionId, issuedAt, expires }) => {
    if (expires <= Date.now() / 1000) return GONE;
    if (principal.kind === 'anonymous') {
      return (await isClaimed(principal.id)) ? TAKEN_OVER : { principal: await withRights(principal), expires };
    }
    const { disabled, signedOutAt, revokedFrom, roles } = await standing(principal.id);
    if (disabled) return DISABLED;
    const revoked = revokedFrom(tokenId);
    if (revoked !== undefined && Date.parse(revoked) <= Date.now()) return GONE;
    if (signedOutAt !== undefined && issuedAt <= Math.floor(Date.parse(signedOutAt) / 1000)) return GONE;
    const minted = sessionId === undefined ? undefined : await session(sessionId);
    if (typeof minted === 'string' || (minted && minted.principal.id !== principal.id)) return OVER;
    const grant = sessionId === undefined ? `${TOKEN}${tokenId}.${issuedAt}` : `${SESSION}${sessionId}`;
    const asTold = roles === undefined ? `${principal.id} ${principal.roles}` : principal.id;
    return { principal: await withRights({ ...principal, roles: roles ?? principal.roles, grant }, asTold), expires };
  };

  return {
    token,
    session,
    isClaimed,
    standing,
    withRights,
    granted: async (person, grant) => {
      if (grant === undefined) {
        if (isAnonymous(person)) return (await isClaimed(person)) ? undefined : withRights({ id: person, kind: 'anonymous', roles: [] });
        const { disabled, roles = ['member'] } = await standing(person);
        return disabled ? undefined : withRights({ id: person, kind: 'person', roles });
      }
      const given = grantOf(grant);
      if (!given) return undefined;
      const admitted =
        'sessionId' in given
          ? await session(given.sessionId)
          : await token({ principal: { id: person, kind: 'person', roles: ['member'] }, ...given, expires: Number.POSITIVE_INFINITY });
      return typeof admitted !== 'string' && admitted.principal.id === person ? admitted.principal : undefined;
    },
    forget: (...ids) => {
      for (const id of ids) for (const what of ['claimed by', 'claims of', 'standing', 'rights of', 'session']) remembered.delete(`${what} ${id}`);
    },
  };
}

const SESSION = 's.';
const TOKEN = 't.';

/** What a grant names: a session, or a token and when it was made. */
function grantOf(grant: string): { sessionId: SessionId } | { tokenId: string; issuedAt: number } | undefined {
  if (grant.startsWith(SESSION)) return { sessionId: grant.slice(SESSION.length) as SessionId };
  const [, tokenId, issuedAt] = /^t\.([\w-]{1,128})\.(\d{1,12})$/.exec(grant) ?? [];
  return tokenId === undefined ? undefined : { tokenId, issuedAt: Number(issuedAt) };
}

/** A restricted token makes nobody an administrator unless it says so. */
const mayAdminister = (scopes: readonly string[] | undefined): boolean => scopes === undefined || scopes.includes('administer');

/** Whether somebody still may do the same. */
export const hasSameRights = (then: Principal, now: Principal): boolean => rightsIn(then) === rightsIn(now);
const rightsIn = ({ roles, permissions = [], models = [] }: Principal): string => JSON.stringify([roles, permissions, models]);
