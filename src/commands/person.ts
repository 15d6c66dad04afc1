import { z } from 'zod';
import { JobId, PersonId, SessionId } from '../domain/ids.ts';
import { Permission } from '../domain/permission.ts';
import { type Person, Profile, personStream, persons, Via } from '../domain/person.ts';
import { Role, RoleRef, Scope } from '../domain/principal.ts';
import { telemetry, telemetryStream } from '../domain/telemetry.ts';
import { command, firstDataOf, type Policy } from './command.ts';
import { administratorsOnly, annalsOnly, anyPerson, giversOnly, namedSelf } from './policy.ts';

/** Of one's own; an administrator may do it for anybody. */
const oneself: Policy<{ person: PersonId }, Person> = (request) =>
  request.input.person === request.principal.id ? namedSelf(request) : administratorsOnly(request) === 'allow' ? 'allow' : 'notFound';
/** A token that is restricted makes no other, else it would be no restriction. */
const ownTokenOrAdministrator: Policy<{ person: PersonId }, Person> = (request) =>
  request.principal.scopes === undefined ? oneself(request) : { code: 'Forbidden', message: 'A restricted token neither makes nor ends tokens.' };

/** The door has checked the anonymous person's refresh token. */
export const claimAnonymous = command('claimAnonymous', {
  input: z.object({ anonymous: PersonId, by: PersonId }),
  stream: ({ anonymous }) => personStream(anonymous),
  policy: ({ principal, input }) => (input.by === principal.id ? namedSelf({ principal, input, state: null, owner: undefined }) : 'notFound'),
  aggregate: persons,
  subject: ({ anonymous }) => anonymous,
});

/** Records that an access token was handed out; the token itself is never stored. */
export const createToken = command('createToken', {
  input: z.object({ person: PersonId, tokenId: z.string(), scopes: z.array(Scope), expiresAt: z.iso.datetime().optional() }),
  stream: ({ person }) => personStream(person),
  policy: ownTokenOrAdministrator,
  aggregate: persons,
  subject: ({ person }) => person,
});
/** At once, or after a grace in which the one that takes its place is put everywhere. */
export const revokeToken = command('revokeToken', {
  input: z.object({
    person: PersonId,
    tokenId: z.string().max(128),
    graceMs: z
      .number()
      .int()
      .min(0)
      .max(90 * 24 * 3600_000)
      .default(0),
  }),
  stream: ({ person }) => personStream(person),
  policy: ownTokenOrAdministrator,
  aggregate: persons,
  subject: ({ person }) => person,
});

const about = {
  stream: ({ person }: { person: PersonId }) => personStream(person),
  aggregate: persons,
  subject: ({ person }: { person: PersonId }) => person,
};
const person = { person: PersonId };

export const registerPerson = command('registerPerson', {
  input: z.object({ ...person, via: Via, roles: z.array(Role).min(1), profile: Profile.default({}) }),
  ...about,
  policy: administratorsOnly as Policy<unknown, Person>,
});
export const changeProfile = command('changeProfile', { input: z.object({ ...person, profile: Profile }), ...about, policy: oneself });
export const changeRoles = command('changeRoles', {
  input: z.object({ ...person, roles: z.array(RoleRef).min(1).max(50) }),
  ...about,
  policy: giversOnly(() => []),
});
export const grantPermission = command('grantPermission', {
  input: z.object({ ...person, permission: Permission }),
  ...about,
  policy: giversOnly(({ permission }) => [permission]),
});
export const revokePermission = command('revokePermission', {
  input: z.object({ ...person, permission: Permission }),
  ...about,
  policy: giversOnly(() => []),
});
export const disablePerson = command('disablePerson', { input: z.object(person), ...about, policy: administratorsOnly });
export const enablePerson = command('enablePerson', { input: z.object(person), ...about, policy: administratorsOnly });
/** Every token that was handed out before is void. */
export const signOutEverywhere = command('signOutEverywhere', { input: z.object(person), ...about, policy: oneself });
/** Every session but the one named; access tokens stay. */
export const endSessions = command('endSessions', {
  input: z.object({ ...person, except: SessionId.optional() }),
  ...about,
  policy: ownTokenOrAdministrator,
});

/** A restricted token does nothing that cannot be taken back. */
const oneselfWhole: Policy<{ person: PersonId }, Person> = (request) =>
  request.principal.scopes === undefined || request.input.person !== request.principal.id
    ? oneself(request)
    : { code: 'Forbidden', message: 'A restricted token erases nobody.' };
/** The account is closed at once, for good; the job that destroys all that it holds is named by the answer. The door has made sure of who asks. */
export const erasePerson = command('erasePerson', {
  input: z.object({ ...person, jobId: JobId.optional() }),
  ...about,
  policy: oneselfWhole,
  closes: ({ person: whose }) => whose,
  result: (events) => ({ jobId: firstDataOf<{ jobId: JobId }>(events).jobId }),
});
/** Until it is lifted, no model is called, nothing is titled or indexed for this person, and analysts see nothing of it. */
export const restrictProcessing = command('restrictProcessing', {
  input: z.object({ ...person, restricted: z.boolean() }),
  ...about,
  policy: oneself,
});
/** Analysts see nothing of this person, as long as it objects. */
export const objectToAnalytics = command('objectToAnalytics', { input: z.object({ ...person, objects: z.boolean() }), ...about, policy: oneself });

const Report = z.object({ kind: z.enum(['run', 'event', 'score']), name: z.string().max(255), body: z.record(z.string(), z.json()) });
export const reportClient = command('reportClient', {
  input: z.object({ day: z.iso.date(), reports: z.array(Report).min(1).max(50) }),
  stream: ({ day }, principal) => telemetryStream(principal.id, day),
  policy: anyPerson,
  needs: 'self',
  aggregate: telemetry,
  subject: (_input, principal) => principal.id,
  result: (events) => ({ reportIds: events.map(({ data }) => (data as { reportId: string }).reportId) }),
});
/** What has been kept long enough: the key of the stream is destroyed. */
export const eraseReports = command('eraseReports', {
  input: z.object({ stream: z.string().regex(/^telemetry-person_[A-Za-z0-9_-]+$/) }),
  stream: ({ stream }) => stream,
  policy: annalsOnly,
  aggregate: telemetry,
});
