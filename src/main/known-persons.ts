import type { Loader } from '../adapters/event-store/loader.ts';
import type { KnownPersons } from '../api/http/identity/admission.ts';
import { identities, identityStream } from '../domain/identity.ts';
import type { PersonId } from '../domain/ids.ts';
import { personStream, persons } from '../domain/person.ts';
import { sessionStream, sessions } from '../domain/session.ts';
import type { Views } from '../projections/query.ts';
import { claims } from '../projections/views/claims.ts';

/** What is known of those who come: of one person or session as the log has it now, of many from the views. */
export function knownPersons({ loader, views }: { readonly loader: Loader; readonly views: Views }): KnownPersons {
  return {
    claimedBy: async (person) => (await loader.load(personStream(person), persons)).state.claimedBy,
    claimedOf: async (person) => (await views.find(claims, { by: person }, { limit: 1000 })).documents.map(({ id }) => id as PersonId),
    standingOf: async (person) => {
      const { registered, disabled, erased, roles, signedOutAt, sessionsEnded, tokens } = (await loader.load(personStream(person), persons)).state;
      return {
        disabled: disabled === true || erased !== undefined,
        erased: erased !== undefined,
        revokedFrom: (tokenId) => tokens.get(tokenId),
        ...(registered ? { roles } : {}),
        ...(signedOutAt ? { signedOutAt } : {}),
        ...(sessionsEnded ? { sessionsEnded } : {}),
      };
    },
    ofIdentity: async (identity) => (await loader.load(identityStream(identity), identities)).state.person,
    sessionOf: async (session) => {
      const { owner, kind, method, proof, openedAt, usedAt, ended = false } = (await loader.load(sessionStream(session), sessions)).state;
      return owner && { owner, kind, method, proof, openedAt, usedAt, ended };
    },
  };
}
