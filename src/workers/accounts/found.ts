import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { KEYS_KEPT_MS } from '../../adapters/key-vault/port.ts';
import { credentialStream, credentials } from '../../domain/credential.ts';
import { identities, identityStream } from '../../domain/identity.ts';
import type { PersonId } from '../../domain/ids.ts';
import { type EventPlace, invitationOf } from '../../domain/invitation.ts';
import type { Completing } from './completing.ts';
import { type AccountParts, textsAt } from './parts.ts';

/** An account with a password, opened for the comparison that needs it. */
export interface FoundAccount {
  readonly person: PersonId;
  readonly email: string;
  readonly hash: string;
  readonly place: EventPlace;
}

const NOBODY = 'person_nobody' as PersonId;
const KNOWN_ADDRESSES = 10_000;

/** Looks accounts up; what is read and opened is nearly as much for an address that is nobody's. */
export function createFinding(parts: Pick<AccountParts, 'loader' | 'store' | 'sealer'>, complete: Completing) {
  const personOf = async (identity: string): Promise<PersonId | undefined> =>
    (await parts.loader.load(identityStream(identity), identities)).state.person;

  const ofPerson = async (person: PersonId): Promise<FoundAccount | undefined> => {
    const stream = credentialStream(person);
    const { current } = (await parts.loader.load(stream, credentials)).state;
    const place = current ?? { eventId: '', revision: 0n };
    const { email, hash } = (await textsAt(parts, stream, place, ['hash'])) ?? {};
    return current === undefined || email === undefined || hash === undefined ? undefined : { person, email, hash, place };
  };

  const opened = new LRUCache<string, true>({ max: KNOWN_ADDRESSES, ttl: KEYS_KEPT_MS });
  /**
   * The event of a password is sealed by one key, and its hash by another: the vault is asked twice, here for keys that never were; and not again as long
   * as it would have kept real ones.
   */
  const openNothing = async (identity: string): Promise<void> => {
    if (opened.has(identity)) return;
    opened.set(identity, true);
    for (let keys = 0; keys < 2; keys++) await parts.sealer.open({ k: `key_${randomUUID()}`, a: NOBODY, c: '' });
  };

  return {
    personOf,
    ofPerson,
    async ofIdentity(identity: string): Promise<FoundAccount | undefined> {
      const person = await personOf(identity);
      const found = await ofPerson(person ?? NOBODY);
      if (person === undefined) await openNothing(identity);
      if (found || person === undefined) return found;
      // Whoever made it died between the two: what is missing was promised.
      await complete(invitationOf(person));
      return ofPerson(person);
    },
  };
}
export type Finding = ReturnType<typeof createFinding>;
