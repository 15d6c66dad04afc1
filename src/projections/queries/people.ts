import { z } from 'zod';
import { PersonId } from '../../domain/ids.ts';
import { type QueryContext, query } from '../query.ts';
import { accessTokens } from '../views/access-tokens.ts';
import { type PersonDoc, people } from '../views/people.ts';
import { pageFields, pageOptions } from './page.ts';
import { administratorsOnly, anyPerson } from './policy.ts';
import { profileOf } from './profile-of.ts';

const shown = async (id: string, doc: PersonDoc, context: QueryContext) => {
  const { registered, disabled, roles, permissions, via, registeredAt } = doc;
  return { id, registered, disabled, roles, permissions, via, registeredAt, ...(await profileOf(doc, context)) };
};

/** What one has said about oneself. */
export const getOwnProfile = query('getOwnProfile', {
  input: z.object({}),
  policy: anyPerson,
  needs: 'self',
  views: [people],
  run: async (_input, context) => {
    const document = await context.views.get(people, context.principal.id);
    return { profile: document ? await profileOf(document.doc, context) : {} };
  },
});

/** Names and addresses are sealed, so a search opens them: of so many people for one answer, at most about that. */
const MOST_LOOKED_THROUGH = 500;

/** Everybody who is registered, the latest first. `looked`: how many were opened for it; with `next` there are more, found or not. */
export const listPeople = query('listPeople', {
  input: z.object({
    ...pageFields(100),
    search: z.string().trim().min(1).max(255).optional().describe('Part of a name, an e-mail address or an id.'),
  }),
  policy: administratorsOnly,
  needs: 'person.view',
  views: [people],
  run: async ({ search, ...page }, context) => {
    const { limit } = pageOptions(page, 50);
    const wanted = search?.toLowerCase();
    const matching: Awaited<ReturnType<typeof shown>>[] = [];
    let after = page.cursor;
    let looked = 0;
    // Only a whole page is looked through, so that the next one begins where this one ended.
    do {
      const { documents, next } = await context.views.find(
        people,
        { registered: true },
        { sort: [['registeredAt', 'desc']], ...pageOptions({ limit, cursor: after }, limit) },
      );
      const found = await Promise.all(documents.map(({ id, doc }) => shown(id, doc, context)));
      matching.push(...found.filter(({ id, name, email }) => wanted === undefined || `${id} ${name} ${email}`.toLowerCase().includes(wanted)));
      looked += documents.length;
      after = next;
    } while (wanted !== undefined && after !== undefined && matching.length < limit && looked < MOST_LOOKED_THROUGH);
    context.shows(
      matching.map(({ id }) => id),
      'people',
    );
    return { people: matching, looked, ...(after === undefined ? {} : { next: after }) };
  },
});

export const getPerson = query('getPerson', {
  input: z.object({ person: PersonId }),
  policy: administratorsOnly,
  needs: 'person.view',
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
  needs: 'self',
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
