import { z } from 'zod';
import { PersonId } from '../../domain/ids.ts';
import { query } from '../query.ts';
import { isRegisteredAdministrator, people } from '../views/people.ts';
import { administratorsOnly, anyPerson } from './policy.ts';

/** What somebody has said about how their data may be used: one's own, or for administrators anybody's. */
export const getPrivacy = query('getPrivacy', {
  input: z.object({ person: PersonId.optional() }),
  policy: (request) => {
    const { person } = request.input;
    if (person === undefined || person === request.principal.id) return 'allow';
    return administratorsOnly(request) === 'allow' ? 'allow' : 'notFound';
  },
  views: [people],
  run: async ({ person }, { principal, views, shows }) => {
    const whose = person ?? principal.id;
    const { restricted = false, objects = false } = (await views.get(people, whose))?.doc ?? {};
    shows([whose], whose);
    return { restricted, objectsToAnalytics: objects };
  },
});

/** Whether anybody but the one who asks could still administer this installation. */
export const hasOtherAdministrators = query('hasOtherAdministrators', {
  input: z.object({}),
  policy: anyPerson,
  views: [people],
  run: async (_input, { principal, views }) => {
    for (let after: string | undefined, more = true; more; more = after !== undefined) {
      const page = await views.find(people, { registered: true }, { limit: 1000, ...(after ? { after } : {}) });
      if (page.documents.some(({ id, doc }) => id !== principal.id && isRegisteredAdministrator(doc))) return { others: true };
      after = page.next;
    }
    return { others: false };
  },
});
