import { z } from 'zod';
import type { RecordedEvent } from '../domain/event.ts';
import { IsoTime, type PersonId } from '../domain/ids.ts';
import { keyUseStream, keyUses } from '../domain/key-use.ts';
import type { Principal } from '../domain/principal.ts';
import {
  isOrganisations,
  type KeyRing,
  KeyRotation,
  KeyScopes,
  keyringStream,
  keyrings,
  ORGANISATION,
  ProviderKeyId,
  ProviderName,
  usualRotation,
} from '../domain/provider-key.ts';
import { command, firstDataOf, type Policy } from './command.ts';
import { administratorsOnly, annalsOnly, namedPerson, ownerOnly } from './policy.ts';

// No space, no line break, nothing that could end a header.
const ApiKey = z.string().regex(/^[\x21-\x7e]{1,4096}$/, 'must be the key as the service gave it, without spaces');
const BaseUrl = z
  .url({ protocol: /^https?$/, error: 'must be an address that begins with https:// or http://' })
  .max(2000)
  .refine((url) => URL.parse(url)?.username === '', 'must not have a user or a password in it');
const given = { apiKey: ApiKey.optional(), baseUrl: BaseUrl.optional() };
const Description = z.string().max(500);

const { maxAgeDays, remindDays, graceHours, forced } = KeyRotation.shape;
const GivenRotation = z.strictObject({
  maxAgeDays: maxAgeDays.default(usualRotation.maxAgeDays),
  remindDays: remindDays.default(usualRotation.remindDays),
  graceHours: graceHours.default(usualRotation.graceHours),
  forced: forced.default(usualRotation.forced),
});

const personOf = ({ id, onBehalfOf }: Principal): PersonId => onBehalfOf ?? id;
/** A key is looked for in no ring but the asker's own, or the organisation's by the form of its id. */
const ring = {
  stream: ({ keyId }: { keyId: string }, principal: Principal) => keyringStream(isOrganisations(keyId) ? ORGANISATION : personOf(principal)),
  aggregate: keyrings,
  policy: (({ owner, ...request }) => {
    if (owner !== ORGANISATION) return ownerOnly({ owner, ...request });
    return administratorsOnly({ owner, ...request }) === 'allow' ? 'allow' : 'notFound';
  }) as Policy<unknown, KeyRing>,
  needs: 'provider-key.manage',
} as const;

/** A key of an outside service, for oneself, or by an administrator for everybody. It is never shown again. */
export const registerProviderKey = command('registerProviderKey', {
  input: z.object({
    owner: z.enum(['self', 'organisation']).default('self'),
    provider: ProviderName,
    ...given,
    description: Description.default(''),
    scopes: KeyScopes.default({}),
    rotation: GivenRotation.default(usualRotation),
  }),
  stream: ({ owner }, principal) => keyringStream(owner === 'organisation' ? ORGANISATION : personOf(principal)),
  policy: (request) => (request.input.owner === 'organisation' ? administratorsOnly(request) : namedPerson(request)),
  needs: 'provider-key.create',
  aggregate: keyrings,
  subject: ({ owner }, principal) => (owner === 'organisation' ? ORGANISATION : personOf(principal)),
  result: (events: readonly RecordedEvent[]) => ({ keyId: firstDataOf<{ keyId: string }>(events).keyId }),
});

export const changeProviderKey = command('changeProviderKey', {
  input: z.object({
    keyId: ProviderKeyId,
    description: Description.optional(),
    scopes: KeyScopes.optional(),
    rotation: GivenRotation.optional(),
  }),
  ...ring,
});
/** The address that the key may be sent to is given anew with each key: whoever only changes a key cannot have the old one sent elsewhere. */
export const rotateProviderKey = command('rotateProviderKey', { input: z.object({ keyId: ProviderKeyId, ...given }), ...ring });
export const removeProviderKey = command('removeProviderKey', { input: z.object({ keyId: ProviderKeyId }), ...ring });

export const endKeyGrace = command('endKeyGrace', { input: z.object({ keyId: ProviderKeyId }), ...ring, policy: annalsOnly });

/** Uses that a worker has counted. */
export const recordProviderKeyUse = command('recordProviderKeyUse', {
  input: z.object({ keyId: ProviderKeyId, owner: z.string(), count: z.number().int().positive(), from: IsoTime, to: IsoTime }),
  stream: ({ keyId, to }) => keyUseStream(keyId, to.slice(0, 10)),
  policy: annalsOnly,
  aggregate: keyUses,
  subject: ({ owner }) => owner as PersonId,
});
