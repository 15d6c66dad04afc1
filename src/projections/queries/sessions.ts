import { z } from 'zod';
import { isUnopened } from '../../domain/event.ts';
import { PersonId } from '../../domain/ids.ts';
import { query } from '../query.ts';
import { openSessions } from '../views/sessions.ts';
import { pageFields, pageOptions } from './page.ts';
import { administratorsOnly } from './policy.ts';

const Device = z.object({ device: z.string() });

/** Sessions that nobody has ended, the latest first: one's own, or for administrators those of another. */
export const listSessions = query('listSessions', {
  input: z.object({ ...pageFields(100), person: PersonId.optional().describe('Whose they are; default: one’s own.') }),
  policy: (request) => (request.input.person === undefined || request.input.person === request.principal.id ? 'allow' : administratorsOnly(request)),
  views: [openSessions],
  run: async ({ person, ...page }, { principal, views, openDeep, shows }) => {
    const owner = person ?? principal.id;
    const { documents, next } = await views.find(openSessions, { owner }, { sort: [['openedAt', 'desc']], ...pageOptions(page, 100) });
    shows([owner], owner);
    const sessions = await Promise.all(
      documents.map(async ({ id, doc: { kind, method, openedAt, usedAt, device } }) => {
        const opened = await openDeep(device);
        return { id, kind, method, openedAt, usedAt, device: isUnopened(opened) ? opened : Device.parse(opened).device };
      }),
    );
    return { sessions, ...(next === undefined ? {} : { next }) };
  },
});
