import { z } from 'zod';
import { PersonId } from '../../domain/ids.ts';
import { type QueryContext, query } from '../query.ts';
import { accessTokens } from '../views/access-tokens.ts';
import { type PersonDoc, people } from '../views/people.ts';
import { pageFields, pageOptions } from './page.ts';
import { administratorsOnly, anyPerson } from './policy.ts';
import { profileOf } from './profile-of.ts';

const shown = async (id: string, doc: PersonDoc, context: QueryContext) => {
  const { registered, disabled, roles, via, registeredAt } = doc;
  return { id, registered, disabled, roles, via, registeredAt, ...(await profileOf(doc, context)) };
};

/** What one has said about oneself. */
export const getOwnProfile = query('getOwnProfile', {
  input: z.object({}),
  policy: anyPerson,
  views: [people],
  run: async (_input, context) => {
    const document = await context.views.get(people, context.principal.id);
    return { profile: document ? await profileOf(document.doc, context) : {} };
  },
});

/** Everybody who is registered, the latest first. */
export const listPeople = query('listPeople', {
  input: z.object({
    ...pageFields(100),
    search: z.string().trim().min(1).max(255).optional().describe('Part of a name, an e-mail address or an id.'),
  }),
  policy: administratorsOnly,
  views: [people],
  run: async ({ search, ...page }, context) => {
    const { documents, next } = await context.views.find(
      people,
      { registered: true },
      { sort: [['registeredAt', 'desc']], ...pageOptions(page, 50) },
    );
    const found = await Promise.all(documents.map(({ id, doc }) => shown(id, doc, context)));
    const wanted = search?.toLowerCase();
    const matching = wanted === undefined ? found : found.filter(({ id, name, email }) => `${id} ${name} ${email}`.toLowerCase().includes(wanted));
    context.shows(
      matching.map(({ id }) => id),
      'people',
    );
    return { people: matching, ...(next === undefined ? {} : { next }) };
  },
});

export const getPerson = query('getPerson', {
  input: z.object({ person: PersonId }),
  policy: administratorsOnly,
  views: [people],
  run: async ({ person }, context) => {
    const document = await context.views.get(people, person);
    if (!document) return undefined;
    context.shows([person], person);
    return shown(person, document.doc, context);
  },
});

/** One's own access tokens, the latest first. */
export const listTokens = query('listTokens', {
  input: z.object(pageFields(100)),
  policy: anyPerson,
  views: [accessTokens],
  run: async (page, { principal, views }) => {
    const { documents, next } = await views.find(accessTokens, { owner: principal.id }, { sort: [['createdAt', 'desc']], ...pageOptions(page, 50) });
    const tokens = documents.map(({ id, doc: { scopes, createdAt, createdBy, expiresAt, revokedFrom } }) => ({
      id,
      scopes,
      createdAt,
      createdBy,
      expiresAt,
      revokedFrom,
    }));
    return { tokens, ...(next === undefined ? {} : { next }) };
  },
});
