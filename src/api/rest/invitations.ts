import { z } from 'zod';
import { revokeInvitation } from '../../commands/account.ts';
import { PersonId } from '../../domain/ids.ts';
import { InvitationId } from '../../domain/invitation.ts';
import { Role } from '../../domain/principal.ts';
import { getInvitation, listInvitations } from '../../projections/queries/invitations.ts';
import { listMails } from '../../projections/queries/mails.ts';
import { json } from '../http/answer.ts';
import { asks, queryErrors } from '../http/asks.ts';
import { needed } from '../http/outcome.ts';
import { HttpError } from '../http/problem.ts';
import { type RouteDefinition, route, routes } from '../http/route.ts';
import { commandErrors, tells } from '../http/tells.ts';
import { Done } from './schemas.ts';

const tags = ['People'];
const next = { next: z.string().optional() };
const time = z.iso.datetime();

/** Where the web app takes up what a link carries; behind the # it reaches no server and no log on the way. */
const pages = { invitation: '/app/invitation#', reset: '/app/reset#' } as const;
const Link = z.object({ link: z.string().describe('Put the address of this server before it.') });

const Listed = z.object({
  id: z.string(),
  state: z.enum(['open', 'redeemed', 'revoked', 'expired']),
  origin: z.enum(['administrator', 'registration']),
  roles: z.array(Role),
  addressed: z.boolean().describe('A mail was to take it.'),
  issuedAt: time,
  issuedBy: z.string(),
  expiresAt: time,
  endedAt: time.nullable(),
  person: z.string().nullable().describe('Who redeemed it.'),
  email: z.string().nullable().describe('Known only while it is open.'),
  name: z.string().nullable(),
});
const Mailed = z.object({
  id: z.string(),
  kind: z.enum(['invitation', 'registration', 'reset']),
  state: z.enum(['waiting', 'sent', 'failed']),
  person: z.string(),
  attempts: z.int(),
  queuedAt: time,
  expiresAt: time,
  dueAt: time.nullable().describe('When it is tried next.'),
  problem: z.string().nullable(),
});

const invite = route({
  method: 'POST',
  path: '/api/invitations',
  summary: 'Invite somebody by a link',
  description: 'The link is for one account, and also good where registration is closed. With an e-mail address it is mailed, where mails leave.',
  tags,
  body: z.strictObject({
    roles: z.array(Role).min(1).default(['member']),
    email: z.email().max(254).optional(),
    name: z.string().max(255).optional().describe('To recognise it by.'),
    days: z.number().int().min(1).max(90).default(7),
  }),
  responses: {
    201: { description: 'The invitation.', schema: Link.extend({ invitationId: z.string(), mailed: z.boolean() }) },
    ...commandErrors,
  },
  handle: async ({ annals, principal, body }) => {
    const made = await annals.accounts.invite(principal, body);
    if (!made.ok) throw new HttpError(made.error.code, made.error.message, made.error.details);
    const mailed = body.email !== undefined && annals.accounts.sendsMails;
    return json(201, { invitationId: made.invitationId, link: pages.invitation + made.secret, mailed });
  },
});

const linkAgain = route({
  method: 'POST',
  path: '/api/invitations/{invitationId}/link',
  summary: 'The link of an open invitation, to hand it over',
  description: 'Who asked for it is recorded.',
  tags,
  params: z.object({ invitationId: InvitationId }),
  responses: { 200: { description: 'The link.', schema: Link }, ...queryErrors },
  handle: async ({ annals, ask, params: { invitationId } }) => {
    const { state } = needed(await ask(getInvitation({ invitationId })));
    if (state !== 'open') throw new HttpError('NotFound', 'This invitation is over.');
    return json(200, { link: pages.invitation + annals.accounts.linkOf(invitationId) });
  },
});

const resetLink = route({
  method: 'POST',
  path: '/api/people/{person}/password-reset',
  summary: 'A link with which a person sets another password, to hand it over',
  description: 'Good for half an hour, once. The password that there is stays until then.',
  tags,
  params: z.object({ person: PersonId }),
  responses: { 201: { description: 'The link.', schema: Link.extend({ validSeconds: z.int() }) }, ...commandErrors },
  handle: async ({ annals, principal, params: { person } }) => {
    const opened = await annals.accounts.openReset(principal, person);
    if (!opened.ok) throw new HttpError(opened.error.code, opened.error.message, opened.error.details);
    return json(201, { link: pages.reset + opened.secret, validSeconds: opened.validMs / 1000 });
  },
});

export const invitationRoutes: readonly RouteDefinition[] = [
  invite,
  linkAgain,
  resetLink,
  ...routes({
    'GET /api/invitations': asks(listInvitations, {
      summary: 'Every invitation, the latest first',
      tags,
      result: z.object({ invitations: z.array(Listed), ...next }),
    }),
    'DELETE /api/invitations/{invitationId}': tells(revokeInvitation, { summary: 'Take an invitation back', tags, result: Done }),
    'GET /api/mails': asks(listMails, {
      summary: 'Every mail, the latest first: whether it was sent, not what it says',
      tags,
      result: z.object({ mails: z.array(Mailed), ...next }),
    }),
  }),
];
