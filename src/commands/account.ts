import { z } from 'zod';
import { attemptStream, attempts } from '../domain/attempt.ts';
import { credentialStream, credentials, ResetId } from '../domain/credential.ts';
import { PersonId, SessionId } from '../domain/ids.ts';
import { InvitationId, InvitationOrigin, invitationStream, invitations, personInvited } from '../domain/invitation.ts';
import { passwordResets, resetStream } from '../domain/password-reset.ts';
import { Role } from '../domain/principal.ts';
import { command, type Policy } from './command.ts';
import { administratorsOnly, annalsOnly } from './policy.ts';

const MOST_MS = 90 * 24 * 3600_000;
const validMs = z.number().int().min(1).max(MOST_MS);
const text = z.string().max(320);
const hash = z.string().max(512);

const invitation = {
  stream: ({ invitationId }: { invitationId: string }) => invitationStream(invitationId),
  aggregate: invitations,
};
/** Whoever it is that redeems it, until then its address is the data of the person that would be made. */
const invited = { subject: ({ invitationId }: { invitationId: string }) => personInvited(invitationId) };

/** By an administrator, or by Annals for somebody who registers. */
export const issueInvitation = command('issueInvitation', {
  input: z.object({
    invitationId: InvitationId,
    origin: InvitationOrigin,
    roles: z.array(Role).min(1),
    validMs,
    email: text.default(''),
    fullName: text.default(''),
  }),
  ...invitation,
  ...invited,
  policy: administratorsOnly as Policy,
});
export const revokeInvitation = command('revokeInvitation', {
  input: z.object({ invitationId: InvitationId }),
  ...invitation,
  ...invited,
  policy: administratorsOnly as Policy,
});
export const expireInvitation = command('expireInvitation', {
  input: z.object({ invitationId: InvitationId }),
  ...invitation,
  ...invited,
  policy: annalsOnly as Policy,
});
/** The door has seen the secret of its link. */
export const redeemInvitation = command('redeemInvitation', {
  input: z.object({
    invitationId: InvitationId,
    person: PersonId,
    account: z.object({ identity: z.string(), email: text, name: text, hash }).optional(),
  }),
  ...invitation,
  subject: ({ person }) => person,
  policy: annalsOnly as Policy,
  /** Empty where it had been redeemed by the same person before. */
  result: (events) => ({ eventId: events[0]?.id ?? '' }),
});

const credential = {
  stream: ({ person }: { person: PersonId }) => credentialStream(person),
  subject: ({ person }: { person: PersonId }) => person,
  aggregate: credentials,
};
const person = { person: PersonId };
/** Not even by an administrator, and with no token that is for less than its person may do. */
const byOneself: Policy<{ person: PersonId }> = ({ principal, input }) =>
  principal.kind === 'service' || (principal.kind === 'person' && principal.id === input.person && principal.scopes === undefined)
    ? 'allow'
    : 'notFound';

export const setFirstPassword = command('setFirstPassword', {
  input: z.object({ ...person, identity: z.string(), email: text, hash, promisedBy: z.string() }),
  ...credential,
  policy: annalsOnly as Policy,
});
/** `over`: the event of the password that has been given as the old one. */
export const changePassword = command('changePassword', {
  input: z.object({ ...person, over: z.string(), email: text, hash, keeps: SessionId.optional() }),
  ...credential,
  policy: byOneself as Policy<{ person: PersonId }, unknown>,
  result: (events) => ({ eventId: events[0]?.id ?? '' }),
});
export const openPasswordReset = command('openPasswordReset', {
  input: z.object({ ...person, resetId: ResetId, validMs, addressed: z.boolean() }),
  ...credential,
  policy: administratorsOnly as Policy,
  result: (events) => ({ opened: events.length > 0 }),
});
/** The door has seen the secret of its link. */
export const resetPassword = command('resetPassword', {
  input: z.object({ ...person, resetId: ResetId, email: text, hash }),
  ...credential,
  policy: annalsOnly as Policy,
  result: (events) => ({ eventId: events[0]?.id ?? '' }),
});

/** For an address that may be nobody's. */
export const askPasswordReset = command('askPasswordReset', {
  input: z.object({ resetId: ResetId, identity: z.string() }),
  stream: ({ resetId }) => resetStream(resetId),
  aggregate: passwordResets,
  policy: annalsOnly as Policy,
});

const attempt = { stream: ({ key }: { key: string }) => attemptStream(key), aggregate: attempts, policy: annalsOnly as Policy };
const attempted = { key: z.string(), attemptId: z.string() };
export const makeAttempt = command('makeAttempt', { input: z.object(attempted), ...attempt });
export const forgiveAttempt = command('forgiveAttempt', { input: z.object({ ...attempted, all: z.boolean() }), ...attempt });
