import { z } from 'zod';
import type { Loader } from '../adapters/event-store/loader.ts';
import { resolveOwner } from '../adapters/event-store/owner.ts';
import type { EventStore } from '../adapters/event-store/port.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import type { Tell } from '../commands/command.ts';
import { reveal } from '../commands/hidden.ts';
import { recordProviderKeyUse } from '../commands/provider-key.ts';
import { annals } from '../commands/settle-active-run.ts';
import { type DomainError, refuse } from '../domain/decider.ts';
import { isUnopened, type Sealed } from '../domain/event.ts';
import type { PersonId } from '../domain/ids.ts';
import { isOverdue, type KeyUse, keyFor } from '../domain/key-use.ts';
import { type KeyScopes, keyringStream, keyrings, ORGANISATION, type RingKey } from '../domain/provider-key.ts';
import { createKeyUses, HOUR } from './key-uses.ts';

export interface ProviderKeysParts {
  readonly tell: Tell;
  readonly loader: Loader;
  readonly store: EventStore;
  readonly sealer: Sealer;
  readonly now: () => Date;
}

/** A key in the clear, for the call that uses it and nothing else. */
export interface UsableKey {
  readonly keyId: string;
  readonly owner: PersonId;
  /** Empty for a service that needs none. */
  readonly apiKey: string;
  /** Where it goes; null: where the installation finds this service. */
  readonly baseUrl: string | null;
  /** The key before, as long as it is to be tried where this one is refused. */
  readonly previous?: { readonly apiKey: string; readonly baseUrl: string | null };
}

export interface ListedKey {
  readonly provider: string;
  readonly scopes: KeyScopes;
  /** Another one after each rotation. */
  readonly version: string;
  /** Counts as a use. */
  readonly key: () => Promise<UsableKey | undefined>;
}

export type FoundKey = { readonly ok: true; readonly key: UsableKey | undefined } | { readonly ok: false; readonly error: DomainError };

export interface ProviderKeys {
  /**
   * The key with which this person may call the service for this use: its own, else the organisation's, else none, which means the installation's. Refused
   * when there is one of its own, but too old: nothing is then spent at somebody else's cost.
   */
  find(person: PersonId, use: KeyUse): Promise<FoundKey>;
  /** Every key that this person may call some model with, its own before the organisation's. */
  all(person: PersonId): Promise<readonly ListedKey[]>;
  /** Writes down the uses that have been only counted for an hour. */
  sweep(): Promise<void>;
  /** Writes down all of them. */
  flush(): Promise<void>;
}

const Secret = z.object({ apiKey: z.string(), baseUrl: z.string().nullable() });

/** Keys of outside services, found in the rings of their owners as the log has them now. */
export function createProviderKeys({ tell, loader, store, sealer, now }: ProviderKeysParts): ProviderKeys {
  const uses = createKeyUses({
    now,
    record: async ({ keyId, owner, count, from, to }) => (await tell(annals(owner), recordProviderKeyUse({ keyId, owner, count, from, to }))).ok,
  });

  /** What stands in the ring's own stream, under the ids that belong to it: whatever was moved there from elsewhere does not open. */
  async function secretAt(owner: PersonId, { eventId, revision }: RingKey['current']): Promise<z.output<typeof Secret> | undefined> {
    for await (const { id, data, metadata } of store.read(keyringStream(owner), { from: revision, max: 1 })) {
      if (id !== eventId || metadata.subject !== owner) return undefined;
      const opened = await sealer.open(data.sealed as unknown as Sealed, eventId);
      if (isUnopened(opened)) return undefined;
      const { apiKey: hidden, baseUrl } = Secret.parse(opened);
      const apiKey = await reveal(sealer, { subject: owner, eventId, field: 'apiKey' }, hidden);
      return isUnopened(apiKey) ? undefined : { apiKey, baseUrl };
    }
    return undefined;
  }

  async function findOf(owner: PersonId, use: KeyUse): Promise<FoundKey> {
    const time = now().toISOString();
    const key = keyFor((await loader.load(keyringStream(owner), keyrings)).state, use, time);
    if (key === 'none') return { ok: true, key: undefined };
    if (key === 'overdue') return { ok: false, error: overdue(owner, use) };
    const usable = await usableKey(owner, key, time);
    return usable ? { ok: true, key: usable } : { ok: false, error: unreadable(use) };
  }

  async function usableKey(owner: PersonId, { keyId, current, previous }: RingKey, time: string): Promise<UsableKey | undefined> {
    const secret = await secretAt(owner, current);
    if (!secret) return undefined;
    const before = previous && time < previous.until ? await secretAt(owner, previous) : undefined;
    await uses.note(keyId, owner);
    return { keyId, owner, ...secret, ...(before ? { previous: before } : {}) };
  }

  async function allOf(owner: PersonId): Promise<ListedKey[]> {
    const time = now().toISOString();
    const { keys } = (await loader.load(keyringStream(owner), keyrings)).state;
    return [...keys.values()]
      .filter(({ scopes: { tools, origins }, ...key }) => tools === undefined && origins === undefined && !isOverdue(key, time))
      .map((key) => ({
        provider: key.provider,
        scopes: key.scopes,
        version: key.current.eventId,
        key: () => usableKey(owner, key, now().toISOString()),
      }));
  }

  const ownerOf = async (person: PersonId): Promise<PersonId> => (await resolveOwner(loader, { owner: person })) ?? person;

  return {
    async find(person, use) {
      const own = await findOf(await ownerOf(person), use);
      return own.ok && own.key === undefined ? findOf(ORGANISATION, use) : own;
    },
    all: async (person) => (await Promise.all([ownerOf(person).then(allOf), allOf(ORGANISATION)])).flat(),
    sweep: () => uses.flush(HOUR),
    flush: () => uses.flush(0),
  };
}

function overdue(owner: PersonId, { provider }: KeyUse): DomainError {
  const whose = owner === ORGANISATION ? `The organisation’s key for ${provider}` : `Your key for ${provider}`;
  const who = owner === ORGANISATION ? 'ask an administrator to rotate it' : 'rotate it';
  return refuse('KeyOverdue', `${whose} is older than it may get: ${who} before it is used again.`).refused;
}

const unreadable = ({ provider }: KeyUse): DomainError =>
  refuse('KeyUnreadable', `The key for ${provider} cannot be read any more: rotate it, or remove it.`).refused;
