import type { Loader } from '../adapters/event-store/loader.ts';
import type { KnownPersons } from '../api/http/identity/identify.ts';
import type { PersonId } from '../domain/ids.ts';
import { personStream, persons } from '../domain/person.ts';
import type { Views } from '../projections/query.ts';
import { claims } from '../projections/views/claims.ts';

/** What log and views know of those who come. */
export const knownPersons = (loader: Loader, views: Views): KnownPersons => ({
  claimedBy: async (person) => (await loader.load(personStream(person), persons)).state.claimedBy,
  claimedOf: async (person) => (await views.find(claims, { by: person }, { limit: 1000 })).documents.map(({ id }) => id as PersonId),
  standingOf: async (person) => {
    const { registered, disabled, erased, roles, signedOutAt, tokens } = (await loader.load(personStream(person), persons)).state;
    return {
      disabled: disabled === true || erased !== undefined,
      erased: erased !== undefined,
      revokedFrom: (tokenId) => tokens.get(tokenId),
      ...(registered ? { roles } : {}),
      ...(signedOutAt ? { signedOutAt } : {}),
    };
  },
});
