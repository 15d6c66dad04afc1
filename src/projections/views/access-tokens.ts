import type { JsonObject } from '../../domain/event.ts';
import { tokenEvents } from '../../domain/person.ts';
import { view } from '../view.ts';

/** An access token that was handed out; of the token itself nothing is kept but its id. */
export interface TokenDoc extends JsonObject {
  owner: string;
  scopes: string[];
  createdAt: string;
  createdBy: string;
  expiresAt: string | null;
  /** From then on it stands for nobody. */
  revokedFrom: string | null;
}

export const accessTokens = view<TokenDoc, (typeof tokenEvents)[number]>({
  name: 'access-tokens',
  version: 2,
  types: tokenEvents,
  indexes: [['owner', 'createdAt']],
  ownedBy: 'owner',
  keys: ({ data }) => [data.tokenId],
  fold: (doc, { type, data, metadata }) => {
    if (type === 'TokenRevoked') return doc && { ...doc, revokedFrom: data.from };
    const { scopes, expiresAt = null } = data;
    return { owner: metadata.subject, scopes, createdAt: metadata.time, createdBy: metadata.actor, expiresAt, revokedFrom: null };
  },
});
