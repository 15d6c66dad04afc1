import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event, sealed } from './event.ts';
import { ConversationId, IsoTime, type PersonId } from './ids.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** Owns the keys that administrators give to everybody. No person's id looks like it, so nobody can come in under it. */
export const ORGANISATION = 'organisation' as PersonId;

const ORGANISATIONS = 'pkey_org_';
export const ProviderKeyId = z
  .string()
  .max(128)
  .regex(/^pkey_[a-z0-9_]+$/, 'must be the id of a key, starting with "pkey_"');
export const ProviderName = z
  .string()
  .max(64)
  .regex(/^[a-z0-9][a-z0-9._-]*$/, 'must be the short name of a service, such as openai');

const names = (most: number) => z.array(z.string().min(1).max(most)).max(100).optional();
/** What may use a key, each list by itself; a list that is absent limits nothing, an empty one allows nothing. `*` in a model stands for any text. */
export const KeyScopes = z.strictObject({
  models: names(200),
  tools: names(200),
  conversations: z.array(ConversationId).max(1000).optional(),
  /** Of pages, as browsers say them: `https://chat.example.com`. */
  origins: names(300),
});
export type KeyScopes = z.output<typeof KeyScopes>;

/** When a key has to be replaced: `remindDays` before `maxAgeDays` are over it says so, after them it is refused where `forced`. */
export const KeyRotation = z.strictObject({
  maxAgeDays: z.int().min(1).max(3650).nullable(),
  remindDays: z.int().min(0).max(365),
  /** How long the replaced key goes on being tried where the new one is refused. */
  graceHours: z.int().min(0).max(720),
  forced: z.boolean(),
});
export type KeyRotation = z.output<typeof KeyRotation>;
/** Where nobody says otherwise. */
export const usualRotation: KeyRotation = { maxAgeDays: null, remindDays: 14, graceHours: 24, forced: true };

const keyId = ProviderKeyId;
const secret = { apiKey: z.string(), baseUrl: z.string().nullable() };
const lastFour = z.string().max(4);

export const ProviderKeyRegistered = event('ProviderKeyRegistered', 1, {
  keyId,
  number: z.int(),
  provider: ProviderName,
  lastFour,
  scopes: KeyScopes,
  rotation: KeyRotation,
  ...sealed({ ...secret, description: z.string() }, { hidden: ['apiKey'] }),
});
export const ProviderKeyDescribed = event('ProviderKeyDescribed', 1, { keyId, ...sealed({ description: z.string() }) });
/** `previousUntil`: until then the key before is tried where this one is refused. `dropped`: events whose secrets nobody needs any more. */
export const ProviderKeyRotated = event('ProviderKeyRotated', 1, {
  keyId,
  lastFour,
  previousUntil: IsoTime.nullable(),
  dropped: z.array(z.string()),
  ...sealed(secret, { hidden: ['apiKey'] }),
});
export const ProviderKeyScopesChanged = event('ProviderKeyScopesChanged', 1, { keyId, before: KeyScopes.optional(), scopes: KeyScopes });
export const ProviderKeyRotationSet = event('ProviderKeyRotationSet', 1, { keyId, before: KeyRotation.optional(), rotation: KeyRotation });
/** The key before is not tried any more, and its secret is dropped. */
export const ProviderKeyGraceEnded = event('ProviderKeyGraceEnded', 1, { keyId, dropped: z.array(z.string()) });
export const ProviderKeyRemoved = event('ProviderKeyRemoved', 1, { keyId, dropped: z.array(z.string()) });
/** Not every single use: how many there were, and between when. */
export const ProviderKeyUsed = event('ProviderKeyUsed', 1, { keyId, count: z.int(), from: IsoTime, to: IsoTime });

export const keyringEvents = [
  ProviderKeyRegistered,
  ProviderKeyDescribed,
  ProviderKeyRotated,
  ProviderKeyScopesChanged,
  ProviderKeyRotationSet,
  ProviderKeyGraceEnded,
  ProviderKeyRemoved,
] as const;
export const providerKeyEvents = [...keyringEvents, ProviderKeyUsed] as const;
type KeyringEvent = EventOf<(typeof keyringEvents)[number]>;

/** Where a secret stands in its ring's stream. */
interface SecretPlace {
  readonly eventId: string;
  readonly revision: bigint;
  readonly at: string;
}

export interface RingKey {
  readonly keyId: string;
  readonly provider: string;
  readonly scopes: KeyScopes;
  readonly rotation: KeyRotation;
  readonly current: SecretPlace;
  readonly previous?: SecretPlace & { readonly until: string };
}

/** All keys of one owner: so that they are found without any view, and nobody reaches those of another. */
export interface KeyRing {
  owner?: PersonId;
  keys: Map<string, RingKey>;
  registered: number;
}

interface GivenSecret {
  apiKey?: string;
  baseUrl?: string;
}
export type KeyRingCommand =
  | ({
      name: 'registerProviderKey';
      owner: 'self' | 'organisation';
      provider: string;
      description: string;
      scopes: KeyScopes;
      rotation: KeyRotation;
    } & GivenSecret)
  | { name: 'changeProviderKey'; keyId: string; description?: string; scopes?: KeyScopes; rotation?: KeyRotation }
  | ({ name: 'rotateProviderKey'; keyId: string } & GivenSecret)
  | { name: 'endKeyGrace'; keyId: string }
  | { name: 'removeProviderKey'; keyId: string };

export const keyringStream = (owner: string): string => `keyring-${owner}`;
export const isOrganisations = (id: string): boolean => id.startsWith(ORGANISATIONS);

const MOST_KEYS = 100;
const HOUR = 3_600_000;
/** A shorter secret would be told by its end. */
const SHORT = 12;

const later = (time: string, hours: number): string => new Date(Date.parse(time) + hours * HOUR).toISOString();
const endOf = (apiKey: string): string => (apiKey.length < SHORT ? '' : apiKey.slice(-4));

const absent = refuse('NotFound', 'There is no such key here, or it is not yours.');
const noSecret = refuse('KeyMissing', 'Give the key, or the address of a service that needs none.');

export const keyrings: Decider<KeyRing, KeyRingCommand, KeyringEvent> = {
  initialState: () => ({ keys: new Map(), registered: 0 }),
  evolve: (state, { type, data, id: eventId, revision, metadata }) => {
    const at = metadata.time;
    const known = state.keys.get(data.keyId);
    if (type === 'ProviderKeyRegistered') {
      const { provider, scopes, rotation } = data;
      state.owner = metadata.subject;
      state.registered += 1;
      state.keys.set(data.keyId, { keyId: data.keyId, provider, scopes, rotation, current: { eventId, revision, at } });
    } else if (known === undefined) return state;
    else if (type === 'ProviderKeyRemoved') state.keys.delete(data.keyId);
    else if (type === 'ProviderKeyScopesChanged') state.keys.set(data.keyId, { ...known, scopes: data.scopes });
    else if (type === 'ProviderKeyRotationSet') state.keys.set(data.keyId, { ...known, rotation: data.rotation });
    else if (type === 'ProviderKeyGraceEnded') {
      const { previous: _, ...rest } = known;
      state.keys.set(data.keyId, rest);
    } else if (type === 'ProviderKeyRotated') {
      const { previous: _, ...rest } = known;
      const { previousUntil: until } = data;
      state.keys.set(data.keyId, {
        ...rest,
        current: { eventId, revision, at },
        ...(until === null ? {} : { previous: { ...known.current, until } }),
      });
    }
    return state;
  },
  decide: (command, state, { now, newId }) => {
    const { apiKey = '', baseUrl = null } = 'apiKey' in command || 'baseUrl' in command ? command : {};
    if (command.name === 'registerProviderKey') {
      const { owner, provider, description, scopes, rotation } = command;
      if (apiKey === '' && baseUrl === null) return noSecret;
      if (state.keys.size >= MOST_KEYS) return refuse('TooManyKeys', `There are ${MOST_KEYS} keys already: remove one first.`);
      const id = newId(owner === 'organisation' ? ORGANISATIONS : 'pkey_');
      const number = state.registered + 1;
      return [ProviderKeyRegistered({ keyId: id, number, provider, lastFour: endOf(apiKey), scopes, rotation, apiKey, baseUrl, description })];
    }
    const key = state.keys.get(command.keyId);
    if (key === undefined) return absent;
    const { current, previous, rotation } = key;
    const before = previous ? [previous.eventId] : [];
    switch (command.name) {
      case 'changeProviderKey': {
        const { description, scopes, rotation: changed } = command;
        return [
          ...(description === undefined ? [] : [ProviderKeyDescribed({ keyId: key.keyId, description })]),
          ...(scopes === undefined ? [] : [ProviderKeyScopesChanged({ keyId: key.keyId, before: key.scopes, scopes })]),
          ...(changed === undefined ? [] : [ProviderKeyRotationSet({ keyId: key.keyId, before: key.rotation, rotation: changed })]),
        ];
      }
      case 'rotateProviderKey': {
        if (apiKey === '' && baseUrl === null) return noSecret;
        const previousUntil = rotation.graceHours === 0 ? null : later(now, rotation.graceHours);
        const dropped = previousUntil === null ? [...before, current.eventId] : before;
        return [ProviderKeyRotated({ keyId: key.keyId, lastFour: endOf(apiKey), previousUntil, dropped, apiKey, baseUrl })];
      }
      case 'endKeyGrace':
        return previous !== undefined && now >= previous.until ? [ProviderKeyGraceEnded({ keyId: key.keyId, dropped: before })] : [];
      case 'removeProviderKey':
        return [ProviderKeyRemoved({ keyId: key.keyId, dropped: [...before, current.eventId] })];
      default:
        return command satisfies never;
    }
  },
};

/** When a key of this age has to be replaced, and from when on it says so. */
export function rotationTimes({ maxAgeDays, remindDays }: KeyRotation, since: string): { remindFrom: string; rotateBy: string } | undefined {
  if (maxAgeDays === null) return undefined;
  return { remindFrom: later(since, Math.max(0, maxAgeDays - remindDays) * 24), rotateBy: later(since, maxAgeDays * 24) };
}
