import type { Loader } from '../adapters/event-store/loader.ts';
import type { KnownPersons } from '../api/http/identity/admission.ts';
import { LOCAL } from '../api/http/identity/identify.ts';
import { identities, identityStream } from '../domain/identity.ts';
import { type PersonId, RoleId } from '../domain/ids.ts';
import { MODEL_ACCESS_STREAM, modelAccess, modelRulesFor } from '../domain/model-access.ts';
import { isAnonymous, LOCAL_PERSON, personStream, persons } from '../domain/person.ts';
import type { Principal, RoleRef } from '../domain/principal.ts';
import { definedRoles, roleStream } from '../domain/role.ts';
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
        disabled: disabled === true || (erased !== undefined && person !== LOCAL_PERSON),
        erased: erased !== undefined,
        revokedFrom: (tokenId) => tokens.get(tokenId),
        ...(registered ? { roles } : {}),
        ...(signedOutAt ? { signedOutAt } : {}),
        ...(sessionsEnded ? { sessionsEnded } : {}),
      };
    },
    rightsOf: async (person, roles) => {
      const made = roles.filter((role) => RoleId.safeParse(role).success);
      const [{ state: access }, { state: standing }, ...defined] = await Promise.all([
        loader.load(MODEL_ACCESS_STREAM, modelAccess),
        loader.load(personStream(person), persons),
        ...made.map((role) => loader.load(roleStream(role), definedRoles)),
      ]);
      return {
        permissions: [...defined.flatMap(({ state }) => state.permissions), ...standing.grants.values()],
        models: modelRulesFor(access, { id: person, roles }),
      };
    },
    ofIdentity: async (identity) => (await loader.load(identityStream(identity), identities)).state.person,
    sessionOf: async (session) => {
      const { owner, kind, method, proof, openedAt, usedAt, ended = false } = (await loader.load(sessionStream(session), sessions)).state;
      return owner && { owner, kind, method, proof, openedAt, usedAt, ended };
    },
  };
}

/** What somebody may do, whatever door they came by. Of who came with a token only, nobody here knows more than that they are members. */
export const principals =
  ({ standingOf, rightsOf }: KnownPersons) =>
  async (person: PersonId): Promise<Principal> => {
    const kind = isAnonymous(person) ? 'anonymous' : 'person';
    const usual: readonly RoleRef[] = kind === 'anonymous' ? [] : person === LOCAL.id ? LOCAL.roles : ['member'];
    const { roles = usual } = await standingOf(person);
    return { id: person, kind, roles, ...(await rightsOf(person, roles)) };
  };
