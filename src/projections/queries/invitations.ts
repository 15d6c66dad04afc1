import { z } from 'zod';
import { InvitationId, personInvited } from '../../domain/invitation.ts';
import { type QueryContext, query } from '../query.ts';
import { type InvitationDoc, invitationList } from '../views/invitations.ts';
import { pageFields, pageOptions } from './page.ts';
import { administratorsOnly } from './policy.ts';

/** Whom an open invitation is for; nobody knows that any more once it is over. */
async function addressee({ state, about }: InvitationDoc, { openDeep }: Pick<QueryContext, 'openDeep'>) {
  const { email = null, name = null } = state === 'open' ? (About.safeParse((await openDeep({ about })).about).data ?? {}) : {};
  return { email, name };
}
const text = z.string().transform((said) => (said === '' ? null : said));
const About = z.object({ email: text, name: text });

async function shown(id: string, doc: InvitationDoc, context: QueryContext) {
  const { state, origin, roles, addressed, issuedAt, issuedBy, expiresAt, endedAt, person } = doc;
  return { id, state, origin, roles, addressed, issuedAt, issuedBy, expiresAt, endedAt, person, ...(await addressee(doc, context)) };
}

/** Every invitation, the latest first: those of administrators, and those that people gave themselves by registering. */
export const listInvitations = query('listInvitations', {
  input: z.object({ ...pageFields(100), state: z.enum(['open', 'redeemed', 'revoked', 'expired']).optional() }),
  policy: administratorsOnly,
  views: [invitationList],
  run: async ({ state, ...page }, context) => {
    const { documents, next } = await context.views.find(invitationList, state === undefined ? {} : { state }, {
      sort: [['issuedAt', 'desc']],
      ...pageOptions(page, 50),
    });
    const invitations = await Promise.all(documents.map(({ id, doc }) => shown(id, doc, context)));
    return { invitations, ...(next === undefined ? {} : { next }) };
  },
});

/** One invitation, for whoever hands over its link: that is recorded. */
export const getInvitation = query('getInvitation', {
  input: z.object({ invitationId: InvitationId }),
  policy: administratorsOnly,
  views: [invitationList],
  run: async ({ invitationId }, context) => {
    const document = await context.views.get(invitationList, invitationId);
    if (!document) return undefined;
    context.shows([personInvited(invitationId)], invitationId);
    return shown(invitationId, document.doc, context);
  },
});
