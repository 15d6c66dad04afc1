import { z } from 'zod';
import { isUnopened } from '../../domain/event.ts';
import { query } from '../query.ts';
import { loginList } from '../views/logins.ts';
import { anyPerson } from './policy.ts';

const Account = z.object({ account: z.string() });
const MOST = 100;

/** The ways in which one logs in, the first one first. */
export const listLogins = query('listLogins', {
  input: z.object({}),
  policy: anyPerson,
  views: [loginList],
  run: async (_input, { principal, views, openDeep }) => {
    const { documents } = await views.find(loginList, { owner: principal.id }, { sort: [['addedAt', 'asc']], limit: MOST });
    const logins = await Promise.all(
      documents.map(async ({ doc: { identity, method, addedAt, account } }) => {
        const opened = await openDeep(account);
        return { identity, method, addedAt, account: isUnopened(opened) ? opened : Account.parse(opened).account };
      }),
    );
    return { logins };
  },
});
