import type { JsonObject } from '../../domain/event.ts';
import { AnonymousClaimed, PersonErased } from '../../domain/person.ts';
import { view } from '../view.ts';

/** Who has taken over which anonymous person's threads. */
export interface ClaimDoc extends JsonObject {
  by: string;
  at: string;
}

export const claims = view<ClaimDoc, typeof AnonymousClaimed | typeof PersonErased>({
  name: 'claims',
  version: 2,
  types: [AnonymousClaimed, PersonErased],
  indexes: [['by']],
  keys: ({ type, data }) => [type === 'PersonErased' ? data.person : data.anonymous],
  fold: (doc, { type, data, metadata }) => {
    if (type === 'PersonErased') return doc && 'delete';
    return { by: data.by, at: metadata.time };
  },
});
