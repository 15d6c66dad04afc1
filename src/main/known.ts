import type { Loader } from '../adapters/event-store/loader.ts';
import { type KnownPersons, LOCAL } from '../api/http/identity/identify.ts';
import { type PersonId, RoleId } from '../domain/ids.ts';
import { MODEL_ACCESS_STREAM, modelAccess, modelRulesFor } from '../domain/model-access.ts';
import { isAnonymous, personStream, persons } from '../domain/person.ts';
import type { RoleRef } from '../domain/principal.ts';
import { definedRoles, roleStream } from '../domain/role.ts';
import { mayUseModel } from '../permissions/ability.ts';
import type { Views } from '../projections/query.ts';
import { claims } from '../projections/views/claims.ts';

/** What the log says of persons and what they may do; who has claimed whom is a view's. */
export const createKnown = ({ loader, views }: { readonly loader: Loader; readonly views: Views }): KnownPersons => ({
  claimedBy: async (person) => (await loader.load(personStream(person), persons)).state.claimedBy,
  claimedOf: async (person) => (await views.find(claims, { by: person }, { limit: 1000 })).documents.map(({ id }) => id as PersonId),
  standingOf: async (person) => {
    const { registered, disabled = false, roles, signedOutAt, tokens } = (await loader.load(personStream(person), persons)).state;
    return { disabled, revokedFrom: (tokenId) => tokens.get(tokenId), ...(registered ? { roles } : {}), ...(signedOutAt ? { signedOutAt } : {}) };
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
});

/** Which models somebody may use, whatever door they came by. Of who came with a token only, nobody here knows more than that they are members. */
export const modelPermits =
  ({ standingOf, rightsOf }: KnownPersons) =>
  async (person: PersonId): Promise<(model: string) => boolean> => {
    const kind = isAnonymous(person) ? 'anonymous' : 'person';
    const usual: readonly RoleRef[] = kind === 'anonymous' ? [] : person === LOCAL.id ? LOCAL.roles : ['member'];
    const { roles = usual } = await standingOf(person);
    const principal = { id: person, kind, roles, ...(await rightsOf(person, roles)) } as const;
    return (model) => mayUseModel(principal, model);
  };
