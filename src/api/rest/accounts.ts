import { z } from 'zod';
import type { DomainError } from '../../domain/decider.ts';
import { networkOf } from '../../domain/network.ts';
import { json } from '../http/answer.ts';
import { comesFrom } from '../http/identity/identify.ts';
import { openSession, openTokenSession } from '../http/identity/open-session.ts';
import { noteOf } from '../http/note.ts';
import { HttpError } from '../http/problem.ts';
import type { Visit } from '../http/request.ts';
import { openRoute, type RouteDefinition, route } from '../http/route.ts';
import { commandErrors } from '../http/tells.ts';
import { Done } from './schemas.ts';

/** Which of these doors are open. */
export interface AccountDoors {
  /** People may log in with an e-mail address and a password. */
  readonly passwords: boolean;
  /** Anybody may make an account. */
  readonly registration: boolean;
}

const tags = ['Accounts'];
const Email = z.email().max(254);
/** Its length is looked at after the link is: so that all that is wrong with a link has one answer. */
const Password = z.string().max(4096);
/** Anything: whatever is none of ours has the same answer as one that is used. */
const Secret = z.unknown().optional().describe('What the link carries after the #.');

const Pair = z.object({ access_token: z.string(), refresh_token: z.object({ token: z.string(), expires_at: z.iso.datetime() }) });
const In = z.object({ person: z.string() }).extend(Pair.partial().shape);
const answers = {
  400: commandErrors[400] ?? { description: '' },
  403: { description: 'This way in is closed here, or the page that asks is another site’s.' },
  429: { description: 'Too many failures within a quarter of an hour; Retry-After says for how long, in seconds.' },
};
const badLink = { 422: { description: 'The link is not valid, or no longer (`LinkInvalid`), or the password cannot be used (`PasswordRefused`).' } };

/** What somebody does who is not who it says, or who guesses. */
const failures: readonly string[] = ['LoginRefused', 'WrongPassword', 'LinkInvalid'];

/** Of one machine, or of one household: whoever has an IPv6 network has more addresses than attempts. */
function fromOf({ req, kernel }: Pick<Visit, 'req' | 'kernel'>): string {
  const address = kernel.identity.addressOf(req) ?? '';
  return (/^::ffff:\d/i.test(address) || !address.includes(':') ? address : networkOf(address)) ?? '';
}

export function accountRoutes({ passwords, registration }: AccountDoors = { passwords: false, registration: false }): readonly RouteDefinition[] {
  /** Nothing is done for pages of other sites, which could log their visitors in as somebody else. */
  const requireOpen = (visit: Visit, isOpen = passwords): void => {
    if (!passwords) throw new HttpError('Forbidden', 'Nobody logs in with a password here: an administrator may set ANNALS_PASSWORD_LOGIN=on.');
    if (!isOpen) throw new HttpError('Forbidden', 'Only who is invited may make an account here.');
    if (comesFrom(visit.req, visit.kernel.doors) === 'elsewhere') throw new HttpError('Forbidden', 'Only pages of this server itself may do this.');
  };
  const note = (visit: Visit, kind: Parameters<Visit['annals']['security']['record']>[0]['kind'], about: object = {}): void =>
    visit.annals.security.record({ kind, ...about, ...noteOf(visit) });
  const refused = (visit: Visit, error: DomainError, account?: string): HttpError => {
    const about = { reason: error.code, ...(account === undefined ? {} : { account }) };
    if (error.code === 'RateLimited') note(visit, 'rate-limited', about);
    if (failures.includes(error.code)) note(visit, 'login-failed', about);
    return new HttpError(error.code, error.message, error.details);
  };

  const login = openRoute({
    method: 'POST',
    path: '/api/login',
    summary: 'Log in with an e-mail address and a password',
    description: 'The answer sets a cookie; with `tokens` it has tokens instead, for clients that keep no cookies.',
    tags,
    body: z.strictObject({ email: Email, password: Password, tokens: z.boolean().default(false) }),
    responses: { 200: { description: 'In.', schema: In }, ...answers, 401: { description: 'Address and password do not belong together.' } },
    handle: async (visit) => {
      requireOpen(visit);
      const { email, password, tokens } = visit.body;
      const found = await visit.annals.accounts.login({ email, password, from: fromOf(visit) });
      if (!found.ok) throw refused(visit, found.error, email);
      const who = { person: found.person, method: 'password' };
      if (tokens) return json(200, { person: who.person, ...(await openTokenSession(visit, who)) });
      return json(200, { person: who.person }, { 'set-cookie': (await openSession(visit, who)).setCookie });
    },
  });

  const register = openRoute({
    method: 'POST',
    path: '/api/registrations',
    summary: 'Ask for a link to make an account with',
    description: 'It is mailed to the address; where no mails leave, an administrator hands it over. Whether the address is known is not told.',
    tags,
    body: z.strictObject({ email: Email }),
    responses: { 202: { description: 'If it can be used, a link is on its way.', schema: z.object({ mailed: z.boolean() }) }, ...answers },
    handle: async (visit) => {
      requireOpen(visit, registration);
      const { accounts } = visit.annals;
      const asked = await accounts.register({ email: visit.body.email, from: fromOf(visit) });
      if (!asked.ok) throw refused(visit, asked.error, visit.body.email);
      return json(202, { mailed: accounts.sendsMails });
    },
  });

  const askReset = openRoute({
    method: 'POST',
    path: '/api/password-resets',
    summary: 'Ask for a link to set another password with',
    description: 'As with a registration: the answer never says whether the address is known.',
    tags,
    body: z.strictObject({ email: Email }),
    responses: { 202: { description: 'If it is known, a link is on its way.', schema: z.object({ mailed: z.boolean() }) }, ...answers },
    handle: async (visit) => {
      requireOpen(visit);
      const { accounts } = visit.annals;
      const { email } = visit.body;
      const asked = await accounts.askReset({ email, from: fromOf(visit) });
      if (!asked.ok) throw refused(visit, asked.error, email);
      note(visit, 'password-reset-requested', { account: email });
      return json(202, { mailed: accounts.sendsMails });
    },
  });

  const reset = openRoute({
    method: 'POST',
    path: '/api/password-resets/redeem',
    summary: 'Set another password with a link',
    description: 'Once. Every session and every token of the person is over then.',
    tags,
    body: z.strictObject({ secret: Secret, password: Password }),
    responses: { 200: { description: 'Log in with the new one.', schema: Done }, ...answers, ...badLink },
    handle: async (visit) => {
      requireOpen(visit);
      const { secret, password } = visit.body;
      const done = await visit.annals.accounts.reset({ secret, password, from: fromOf(visit) });
      if (!done.ok) throw refused(visit, done.error);
      visit.kernel.identity.forget(done.person);
      note(visit, 'password-reset', { actor: done.person });
      return json(200, {});
    },
  });

  const change = route({
    method: 'POST',
    path: '/api/me/password',
    summary: 'Change your password',
    description: 'Every other session of yours is over then; access tokens stay.',
    tags,
    body: z.strictObject({ old: Password, password: Password }),
    responses: { 200: { description: 'Changed.', schema: Done }, ...commandErrors, 429: answers[429] },
    handle: async (request) => {
      const { annals, principal, body, cameWith, kernel } = request;
      if (principal.kind !== 'person' || principal.scopes !== undefined)
        throw new HttpError('Forbidden', 'Only a person changes its password, and not with a restricted token.');
      const done = await annals.accounts.change(principal, { old: body.old, next: body.password, keeps: cameWith?.sessionId });
      if (!done.ok) throw refused(request, done.error);
      kernel.identity.forget(principal.id);
      note(request, 'password-changed', { actor: principal.id });
      return json(200, {});
    },
  });

  const look = openRoute({
    method: 'POST',
    path: '/api/invitations/look',
    summary: 'What an invitation is for',
    tags,
    body: z.strictObject({ secret: Secret }),
    responses: {
      200: {
        description: 'Still open.',
        schema: z.object({
          roles: z.array(z.string()),
          origin: z.string(),
          expiresAt: z.iso.datetime(),
          email: z.string().optional(),
          name: z.string().optional(),
          passwords: z.boolean().describe('Whether an account with a password can be made of it.'),
        }),
      },
      ...answers,
      ...badLink,
    },
    handle: async (visit) => {
      const found = await visit.annals.accounts.look({ secret: visit.body.secret, from: fromOf(visit) });
      if (!found.ok) throw refused(visit, found.error);
      const { ok: _, ...shown } = found;
      return json(200, { ...shown, passwords });
    },
  });

  const redeem = openRoute({
    method: 'POST',
    path: '/api/invitations/redeem',
    summary: 'Make an account of an invitation, with a password',
    description: 'Once. The e-mail address is the one it was mailed to; only where there was none it is given.',
    tags,
    body: z.strictObject({ secret: Secret, email: Email.optional(), name: z.string().max(255).optional(), password: Password }),
    responses: { 201: { description: 'Made, and logged in.', schema: In }, ...answers, ...badLink, 409: { description: 'The address is taken.' } },
    handle: async (visit) => {
      requireOpen(visit);
      const made = await visit.annals.accounts.redeem({ ...visit.body, from: fromOf(visit) });
      if (!made.ok) throw refused(visit, made.error);
      const { person } = made;
      note(visit, 'invitation-redeemed', { actor: person });
      return json(201, { person }, { 'set-cookie': (await openSession(visit, { person, method: 'password' })).setCookie });
    },
  });

  return [login, register, askReset, reset, change, look, redeem];
}
