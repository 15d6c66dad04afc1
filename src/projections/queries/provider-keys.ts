import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { isUnopened } from '../../domain/event.ts';
import type { Principal } from '../../domain/principal.ts';
import { isOrganisations, KeyRotation, KeyScopes, ORGANISATION, ProviderKeyId, rotationTimes } from '../../domain/provider-key.ts';
import { type QueryContext, query } from '../query.ts';
import { type ProviderKeyDoc, providerKeys } from '../views/provider-keys.ts';
import { administratorsOnly, anyPerson } from './policy.ts';

/** A key as its owner sees it: never the key itself. */
export interface ProviderKeyInfo {
  readonly id: string;
  readonly owner: 'self' | 'organisation';
  /** Counts its owner's keys, from 1 on. */
  readonly number: number;
  readonly provider: string;
  readonly description: string;
  readonly baseUrl: string | null;
  readonly lastFour: string;
  readonly scopes: KeyScopes;
  readonly rotation: KeyRotation;
  readonly createdAt: string;
  readonly rotatedAt: string;
  /** Until then the key before is tried where this one is refused. */
  readonly previousUntil: string | null;
  readonly remindFrom: string | null;
  readonly rotateBy: string | null;
  readonly lastUsedAt: string | null;
  readonly uses: number;
}

const Described = z.object({ description: z.string() });
const Addressed = z.object({ baseUrl: z.string().nullable() });

async function shown({ id, doc }: StoredDocument<ProviderKeyDoc>, { openDeep }: QueryContext): Promise<ProviderKeyInfo> {
  const opened = await openDeep({ description: doc.description, address: doc.address });
  const { number, provider, lastFour, createdAt, rotatedAt, previousUntil, lastUsedAt, uses } = doc;
  const rotation = KeyRotation.parse(doc.rotation);
  const times = rotationTimes(rotation, rotatedAt);
  return {
    id,
    owner: doc.owner === ORGANISATION ? 'organisation' : 'self',
    number,
    provider,
    description: isUnopened(opened.description) ? opened.description : Described.parse(opened.description).description,
    baseUrl: isUnopened(opened.address) ? opened.address : Addressed.parse(opened.address).baseUrl,
    lastFour,
    scopes: KeyScopes.parse(doc.scopes),
    rotation,
    createdAt,
    rotatedAt,
    previousUntil,
    remindFrom: times?.remindFrom ?? null,
    rotateBy: times?.rotateBy ?? null,
    lastUsedAt,
    uses,
  };
}

const isAdministrator = (principal: Principal): boolean =>
  administratorsOnly({ principal, input: undefined, needs: 'provider-key.view' }) === 'allow';

export const getProviderKey = query('getProviderKey', {
  input: z.object({ keyId: ProviderKeyId }),
  policy: anyPerson,
  needs: 'provider-key.view',
  views: [providerKeys],
  run: async ({ keyId }, context) => {
    const document = await context.views.get(providerKeys, keyId);
    const isTheirs = isOrganisations(keyId) ? isAdministrator(context.principal) : document?.doc.owner === context.principal.id;
    return document && isTheirs ? shown(document, context) : undefined;
  },
});

/** One's own keys, or for administrators those of the organisation, in the order in which they came. There are a hundred at most. */
export const listProviderKeys = query('listProviderKeys', {
  input: z.object({ owner: z.enum(['self', 'organisation']).default('self') }),
  policy: (request) => (request.input.owner === 'organisation' ? administratorsOnly(request) : anyPerson(request)),
  needs: 'provider-key.view',
  views: [providerKeys],
  run: async ({ owner }, context) => {
    const { documents } = await context.views.find(
      providerKeys,
      { owner: owner === 'organisation' ? ORGANISATION : context.principal.id },
      { sort: [['number', 'asc']], limit: 100 },
    );
    return { keys: await Promise.all(documents.map((document) => shown(document, context))) };
  },
});
