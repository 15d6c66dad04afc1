import { z } from 'zod';
import { query } from '../query.ts';
import { mailList } from '../views/mails.ts';
import { pageFields, pageOptions } from './page.ts';
import { administratorsOnly } from './policy.ts';

/** Every mail, the latest first: whether it was sent, and about whom; never what it says. */
export const listMails = query('listMails', {
  input: z.object(pageFields(100)),
  policy: administratorsOnly,
  views: [mailList],
  run: async (page, { views }) => {
    const { documents, next } = await views.find(mailList, {}, { sort: [['queuedAt', 'desc']], ...pageOptions(page, 50) });
    const mails = documents.map(({ id, doc: { kind, state, subject, attempt, queuedAt, expiresAt, dueAt, problem } }) => ({
      id,
      kind,
      state,
      person: subject,
      attempts: attempt,
      queuedAt,
      expiresAt,
      dueAt,
      problem,
    }));
    return { mails, ...(next === undefined ? {} : { next }) };
  },
});
