import type { JsonObject } from '../../domain/event.ts';
import { providerKeyEvents } from '../../domain/provider-key.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

/** One key of an outside service. Description and address stay sealed; the key itself is in neither of them but as a ciphertext. */
export interface ProviderKeyDoc extends JsonObject {
  owner: string;
  number: number;
  provider: string;
  lastFour: string;
  scopes: JsonObject;
  rotation: JsonObject;
  description: SealedJson;
  address: SealedJson;
  createdAt: string;
  rotatedAt: string;
  previousUntil: string | null;
  lastUsedAt: string | null;
  uses: number;
}

export const providerKeys = view<ProviderKeyDoc, (typeof providerKeyEvents)[number]>({
  name: 'provider-keys',
  version: 1,
  types: providerKeyEvents,
  indexes: [['owner', 'number'], ['previousUntil']],
  keys: ({ data }) => [data.keyId],
  fold: (doc, event) => {
    const { time, subject } = event.metadata;
    if (event.type === 'ProviderKeyRegistered') {
      const { number, provider, lastFour, scopes, rotation, sealed } = event.data;
      return {
        owner: subject,
        number,
        provider,
        lastFour,
        scopes: scopes as JsonObject,
        rotation,
        description: sealedJson(sealed),
        address: sealedJson(sealed),
        createdAt: time,
        rotatedAt: time,
        previousUntil: null,
        lastUsedAt: null,
        uses: 0,
      };
    }
    if (!doc) return undefined;
    switch (event.type) {
      case 'ProviderKeyDescribed':
        return { ...doc, description: sealedJson(event.data.sealed) };
      case 'ProviderKeyRotated': {
        const { lastFour, previousUntil, sealed } = event.data;
        return { ...doc, lastFour, previousUntil, rotatedAt: time, address: sealedJson(sealed) };
      }
      case 'ProviderKeyGraceEnded':
        return { ...doc, previousUntil: null };
      case 'ProviderKeyScopesChanged':
        return { ...doc, scopes: event.data.scopes as JsonObject };
      case 'ProviderKeyRotationSet':
        return { ...doc, rotation: event.data.rotation };
      case 'ProviderKeyRemoved':
        return 'delete';
      case 'ProviderKeyUsed': {
        const { count, to } = event.data;
        return { ...doc, uses: doc.uses + count, lastUsedAt: doc.lastUsedAt !== null && doc.lastUsedAt > to ? doc.lastUsedAt : to };
      }
      default:
        event satisfies never;
        return undefined;
    }
  },
});
