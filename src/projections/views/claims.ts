import type { JsonObject } from '../../domain/event.ts';
import { AnonymousClaimed } from '../../domain/person.ts';
import { view } from '../view.ts';

/** Who has taken over which anonymous person's threads. */
export interface ClaimDoc extends JsonObject {
  by: string;
  at: string;
}

export const claims = view<ClaimDoc, typeof AnonymousClaimed>({
  name: 'claims',
  version: 1,
  types: [AnonymousClaimed],
  indexes: [['by']],
  keys: ({ data }) => [data.anonymous],
  fold: (_doc, { data, metadata }) => ({ by: data.by, at: metadata.time }),
});
