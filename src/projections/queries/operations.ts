import { z } from 'zod';
import { query } from '../query.ts';
import { parked } from '../views/parked.ts';
import { pageFields, pageOptions } from './page.ts';
import { administratorsOnly } from './policy.ts';

/** How far each view has come. Answers while views are being built too. */
export const listViews = query('listViews', {
  input: z.object({}),
  policy: administratorsOnly,
  needs: 'operation.view',
  views: [],
  run: async (_input, { status }) => ({ views: status() }),
});

/** Events that reactions have put aside, the latest first. */
export const listParked = query('listParked', {
  input: z.object({ reaction: z.string().max(255).optional(), ...pageFields(200) }),
  policy: administratorsOnly,
  needs: 'operation.view',
  views: [parked],
  run: async ({ reaction, ...page }, { views }) => {
    const { documents, next } = await views.find(parked, reaction === undefined ? {} : { reaction }, {
      sort: [['at', 'desc']],
      ...pageOptions(page, 50),
    });
    return { parked: documents.map(({ id, doc }) => ({ eventId: id, ...doc })), ...(next === undefined ? {} : { next }) };
  },
});
