import type { IncomingMessage } from 'node:http';
import { LRUCache } from 'lru-cache';
import { PersonId } from '../../../domain/ids.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { Doors } from '../doors.ts';
import type { Tokens } from './tokens.ts';

export interface IdentityOptions {
  readonly tokens: Tokens;
  /** True only when the server listens on loopback addresses and nowhere else. */
  readonly localPerson: boolean;
  /** Who has taken over this anonymous person. */
  readonly claimedBy: (person: string) => Promise<PersonId | undefined>;
  /** The anonymous persons this one has taken over. */
  readonly claimedOf: (person: string) => Promise<readonly PersonId[]>;
}

export type Identified =
  | {
      readonly ok: true;
      readonly principal: Principal /** Of the token it came with, seconds since 1970; the local person has none. */;
      readonly expires?: number;
    }
  | { readonly ok: false; readonly message: string };

export interface Identity {
  /** Who sends this request. */
  identify(req: IncomingMessage): Promise<Identified>;
  /** Somebody has taken over this anonymous person: its tokens stand for nobody any more. At most 5 s late. */
  isClaimed(person: string): Promise<boolean>;
  /** Forgets what is known of this person's claims, because one has just been made. */
  forget(...persons: readonly string[]): void;
}

const LOCAL: Principal = { id: PersonId.parse('person_local'), kind: 'person', roles: ['administrator', 'member'] };
/** Claims are looked up again after this, in ms. */
const KNOWN_MS = 3000;
const KNOWN_PERSONS = 10_000;

export function createIdentity({ tokens, localPerson, claimedBy, claimedOf }: IdentityOptions, doors: Doors): Identity {
  const claimed = new LRUCache<string, { by: boolean } | { of: readonly PersonId[] }>({ max: KNOWN_PERSONS, ttl: KNOWN_MS });

  const isClaimed = async (person: string): Promise<boolean> => {
    const known = claimed.get(person);
    if (known && 'by' in known) return known.by;
    const by = (await claimedBy(person)) !== undefined;
    claimed.set(person, { by });
    return by;
  };
  const withClaims = async (principal: Principal): Promise<Principal> => {
    const known = claimed.get(principal.id);
    const of = known && 'of' in known ? known.of : await claimedOf(principal.id);
    if (!known) claimed.set(principal.id, { of });
    return of.length === 0 ? principal : { ...principal, claimed: of };
  };

  return {
    async identify(req) {
      const bearer = bearerOf(req);
      if (bearer !== undefined && looksLikeJwt(bearer)) {
        const verified = await tokens.verify(bearer);
        if (!verified) return { ok: false, message: 'This token is not valid, or no longer: get a new one.' };
        const { principal, expires } = verified;
        if (principal.kind === 'person') return { ok: true, principal: await withClaims(principal), expires };
        if (await isClaimed(principal.id))
          return { ok: false, message: 'The threads of this visitor have been taken over: log in as the person who did.' };
        return { ok: true, principal, expires };
      }
      if (localPerson && isLocal(req, doors)) return { ok: true, principal: await withClaims(LOCAL) };
      return { ok: false, message: 'Send a token of this server as "Authorization: Bearer …".' };
    },
    isClaimed,
    forget: (...persons) => {
      for (const person of persons) claimed.delete(person);
    },
  };
}

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
