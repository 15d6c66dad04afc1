import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  changeProfile,
  changeRoles,
  createToken,
  disablePerson,
  enablePerson,
  registerPerson,
  revokeToken,
  signOutEverywhere,
} from '../../commands/person.ts';
import { PersonId } from '../../domain/ids.ts';
import { Permission } from '../../domain/permission.ts';
import { isAnonymous, Profile } from '../../domain/person.ts';
import { Role, RoleRef, Scope } from '../../domain/principal.ts';
import { getOwnProfile, getPerson, listPeople, listTokens } from '../../projections/queries/people.ts';
import { json } from '../http/answer.ts';
import { asks, queryErrors } from '../http/asks.ts';
import type { Tokens } from '../http/identity/tokens.ts';
import { done } from '../http/outcome.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import { type RouteDefinition, route, routes } from '../http/route.ts';
import { commandErrors, tells } from '../http/tells.ts';
import { Done } from './schemas.ts';

const tags = ['People'];
const DAY_S = 24 * 3600;
const MOST_DAYS = 3650;

const profile = Profile.partial().shape;
const Me = z.object({
  id: z.string(),
  kind: z.enum(['person', 'anonymous', 'service']),
  roles: z.array(z.string()),
  scopes: z.array(z.string()).optional(),
  claimed: z.array(z.string()).optional(),
  ...profile,
});
const Known = z.object({
  id: z.string(),
  registered: z.boolean(),
  disabled: z.boolean(),
  roles: z.array(RoleRef),
  permissions: z.array(Permission).describe('Granted to this person alone, beside its roles.'),
  via: z.string().nullable(),
  registeredAt: z.iso.datetime().nullable(),
  ...profile,
});
const next = { next: z.string().optional() };
const Token = z.object({ token: z.string(), tokenId: z.string(), expiresAt: z.iso.datetime() });
const TokenPage = z.object({
  tokens: z.array(
    z.object({
      id: z.string(),
      scopes: z.array(z.string()),
      createdAt: z.iso.datetime(),
      createdBy: z.string(),
      expiresAt: z.iso.datetime().nullable(),
      revokedFrom: z.iso.datetime().nullable().describe('From then on it stands for nobody.'),
    }),
  ),
  ...next,
});

const NamedPerson = PersonId.refine((id) => !isAnonymous(id), 'must be a person with a name');
const Scopes = z.array(Scope).max(Scope.options.length).default([]).describe('What it may be used for; none: everything that its person may do.');
const Days = z.number().int().min(1).max(MOST_DAYS);
const shownOnce = { description: 'The token, shown this once.', schema: Token };

const me = route({
  method: 'GET',
  path: '/api/me',
  summary: 'Who the server takes you for',
  tags,
  responses: { 200: { description: 'The person behind the request.', schema: Me }, 401: queryErrors[401] ?? { description: '' } },
  handle: async ({ ask, principal: { id, kind, roles, scopes, claimed } }) => {
    const known = await ask(getOwnProfile({}));
    return json(200, { id, kind, roles, scopes, claimed, ...(known.ok ? known.data.profile : {}) });
  },
});

/** Of oneself: the path says nothing of whom. */
const changeMe = route({
  method: 'PATCH',
  path: '/api/me',
  summary: 'Change what you say about yourself',
  description: 'What is not named stays; null takes it away.',
  tags,
  body: Profile.strict(),
  responses: { 200: { description: 'Changed.', schema: Done }, ...commandErrors },
  handle: async ({ tell, principal, body }) => {
    done(await tell(changeProfile({ person: principal.id, profile: body })));
    return json(200, {});
  },
});

const signOut = route({
  method: 'POST',
  path: '/api/me/sign-out',
  summary: 'Make every token and session of yours void, on every device',
  tags,
  responses: { 200: { description: 'None of them stands for you any more, within 5 s.', schema: Done }, ...commandErrors },
  handle: async ({ tell, principal, kernel }) => {
    done(await tell(signOutEverywhere({ person: principal.id })));
    kernel.identity.forget(principal.id);
    return json(200, {});
  },
});

/** Whose roles a token is signed with; those of a registered person are looked up at every use instead. */
const rolesFor = (person: PersonId, { principal }: RouteRequest): readonly RoleRef[] => (person === principal.id ? principal.roles : ['member']);

export function tokenRoutes(tokens: Tokens): readonly RouteDefinition[] {
  const handOut = async (request: RouteRequest, person: PersonId, days: number, scopes: Scope[]) => {
    const tokenId = randomUUID();
    const expiresAt = new Date(Date.now() + days * DAY_S * 1000).toISOString();
    done(await request.tell(createToken({ person, tokenId, scopes, expiresAt })));
    const principal = { id: person, kind: 'person' as const, roles: rolesFor(person, request), ...(scopes.length > 0 ? { scopes } : {}) };
    const made = await tokens.access(principal, { seconds: days * DAY_S, tokenId });
    return json(201, { token: made.token, tokenId, expiresAt: made.expiresAt.toISOString() });
  };

  const make = route({
    method: 'POST',
    path: '/api/tokens',
    summary: 'Make an access token that is valid for days',
    tags,
    body: z.object({ person: NamedPerson.optional().describe('Whose token it is; default: one’s own.'), days: Days.default(90), scopes: Scopes }),
    responses: { 201: shownOnce, ...commandErrors },
    handle: (request) => handOut(request, request.body.person ?? request.principal.id, request.body.days, request.body.scopes),
  });

  const rotate = route({
    method: 'POST',
    path: '/api/tokens/{tokenId}/rotate',
    summary: 'Make the token that takes the place of another one',
    description: 'With the same scopes; the old one stays valid for the grace, so that the new one can be put everywhere first.',
    tags,
    params: z.object({ tokenId: z.string().max(128) }),
    body: z.object({
      days: Days.default(90),
      graceHours: z.number().min(0).max(720).default(24),
    }),
    responses: { 201: shownOnce, ...commandErrors },
    handle: async (request) => {
      const { ask, tell, principal, params, body } = request;
      const own = await ask(listTokens({ limit: 100 }));
      const old = own.ok ? own.data.tokens.find(({ id }) => id === params.tokenId) : undefined;
      if (!old) throw new HttpError('NotFound', 'There is no such token, or it is not yours.');
      const answer = await handOut(request, principal.id, body.days, z.array(Scope).parse(old.scopes));
      done(await tell(revokeToken({ person: principal.id, tokenId: old.id, graceMs: Math.round(body.graceHours * 3600_000) })));
      return answer;
    },
  });

  const revoke = route({
    method: 'DELETE',
    path: '/api/tokens/{tokenId}',
    summary: 'Make a token void',
    tags,
    params: z.object({ tokenId: z.string().max(128) }),
    query: z.object({ person: NamedPerson.optional().describe('Whose it is; default: one’s own.') }),
    responses: { 200: { description: 'It stands for nobody any more, within 5 s.', schema: Done }, ...commandErrors },
    handle: async ({ tell, principal, params: { tokenId }, query: { person = principal.id }, kernel }) => {
      done(await tell(revokeToken({ person, tokenId, graceMs: 0 })));
      kernel.identity.forget(person);
      return json(200, {});
    },
  });

  return [make, rotate, revoke, ...routes({ 'GET /api/tokens': asks(listTokens, { summary: 'Your access tokens', tags, result: TokenPage }) })];
}

const register = route({
  method: 'POST',
  path: '/api/people',
  summary: 'Register a person',
  description: 'Hand it a token of its own with `POST /api/tokens` afterwards.',
  tags,
  body: Profile.extend({ roles: z.array(Role).min(1).default(['member']) }).strict(),
  responses: { 201: { description: 'The person.', schema: z.object({ person: z.string() }) }, ...commandErrors },
  handle: async ({ tell, body: { roles, ...about } }) => {
    const person = PersonId.parse(`person_${randomUUID().replaceAll('-', '')}`);
    done(await tell(registerPerson({ person, via: 'administrator', roles, profile: about })));
    return json(201, { person });
  },
});

export const peopleRoutes: readonly RouteDefinition[] = [
  me,
  changeMe,
  signOut,
  register,
  ...routes({
    'GET /api/people': asks(listPeople, {
      summary: 'Everybody who is registered, the latest first',
      tags,
      result: z.object({
        people: z.array(Known),
        looked: z.int().describe('How many were looked through for it; with `next` there are more, even where none of these fits.'),
        ...next,
      }),
    }),
    'GET /api/people/{person}': asks(getPerson, { summary: 'How a person stands', tags, result: Known }),
    'PATCH /api/people/{person}/profile': tells(changeProfile, { summary: 'Correct what is said about a person', tags, result: Done }),
    'PUT /api/people/{person}/roles': tells(changeRoles, { summary: 'Give a person other roles', tags, result: Done }),
    'POST /api/people/{person}/disable': tells(disablePerson, {
      summary: 'Shut a person out: all its tokens and streams, within 5 s',
      tags,
      result: Done,
    }),
    'POST /api/people/{person}/enable': tells(enablePerson, { summary: 'Let a person in again', tags, result: Done }),
    'POST /api/people/{person}/sign-out': tells(signOutEverywhere, {
      summary: 'Make all tokens and sessions of a person void, within 5 s',
      tags,
      result: Done,
    }),
  }),
];
