import { z } from 'zod';
import { endSessions } from '../../commands/person.ts';
import { endSession } from '../../commands/session.ts';
import { PersonId, SessionId } from '../../domain/ids.ts';
import { SessionKind } from '../../domain/session.ts';
import { listSessions } from '../../projections/queries/sessions.ts';
import { json } from '../http/answer.ts';
import { queryErrors } from '../http/asks.ts';
import { closeSession, openTokenSession } from '../http/identity/open-session.ts';
import { noteOf } from '../http/note.ts';
import { done, needed } from '../http/outcome.ts';
import { HttpError } from '../http/problem.ts';
import { openRoute, type RouteDefinition, route } from '../http/route.ts';
import { commandErrors } from '../http/tells.ts';
import { Done } from './schemas.ts';

const tags = ['Sessions'];
const MOST = 100;

const Listed = z.object({
  id: z.string(),
  kind: SessionKind.describe('What its client holds: a cookie, or a refresh token.'),
  method: z.string().describe('How its person has proved who it is.'),
  device: z.string().describe('What the client said of itself: its User-Agent.'),
  openedAt: z.iso.datetime(),
  usedAt: z.iso.datetime().describe('To the hour.'),
  expiresAt: z.iso.datetime().describe('Unless it is used again before.'),
  current: z.boolean().describe('The one this request came with.'),
});

const list = route({
  method: 'GET',
  path: '/api/sessions',
  summary: 'Where you are logged in, the latest first',
  description: 'Administrators may name another person.',
  tags,
  query: z.object({ person: PersonId.optional().describe('Whose they are; default: your own.') }),
  responses: { 200: { description: 'The sessions that are open.', schema: z.object({ sessions: z.array(Listed) }) }, ...queryErrors },
  handle: async ({ ask, query: { person }, kernel: { keys }, cameWith }) => {
    const { sessions } = needed(await ask(listSessions({ limit: MOST, ...(person === undefined ? {} : { person }) })));
    const open = sessions.flatMap((session) => {
      const ends = keys.endsAt(session);
      return ends > keys.now() ? [{ ...session, expiresAt: new Date(ends).toISOString(), current: session.id === cameWith?.sessionId }] : [];
    });
    return json(200, { sessions: open });
  },
});

const handOn = route({
  method: 'POST',
  path: '/api/sessions',
  summary: 'Open a session for a client that keeps no cookies',
  description:
    'From a session of one’s own. Its refresh token is good once (`POST /aui/v1/auth/tokens/refresh`): used a second time it ends the session, because one of two must have stolen it.',
  tags,
  responses: {
    201: {
      description: 'An access token of an hour, and the refresh token for the next ones.',
      schema: z.object({ access_token: z.string(), refresh_token: z.object({ token: z.string(), expires_at: z.iso.datetime() }) }),
    },
    ...commandErrors,
  },
  handle: async (request) => {
    const { cameWith, principal, kernel } = request;
    const own = cameWith?.sessionId === undefined ? undefined : await kernel.identity.session(cameWith.sessionId);
    if (own === undefined || typeof own === 'string' || principal.scopes !== undefined)
      throw new HttpError('Forbidden', 'Log in first: only a session opens another one.');
    return json(201, await openTokenSession(request, { person: principal.id, method: own.session.method }));
  },
});

const revoke = route({
  method: 'DELETE',
  path: '/api/sessions/{sessionId}',
  summary: 'End a session',
  description: 'Administrators may end those of others.',
  tags,
  params: z.object({ sessionId: SessionId }),
  responses: { 200: { description: 'It is over, with every token and address made in it, within 5 s.', schema: Done }, ...commandErrors },
  handle: async (request) => {
    const { tell, params, kernel, annals, principal } = request;
    const { sessionId } = params;
    done(await tell(endSession({ sessionId, reason: 'revoked' })));
    kernel.identity.forget(sessionId);
    annals.security.record({ kind: 'session-revoked', actor: principal.id, target: sessionId, ...noteOf(request) });
    return json(200, {});
  },
});

const revokeOthers = route({
  method: 'POST',
  path: '/api/sessions/revoke-others',
  summary: 'End all your sessions but this one',
  tags,
  responses: { 200: { description: 'They are over within 5 s. Access tokens stay.', schema: Done }, ...commandErrors },
  handle: async (request) => {
    const { tell, principal, cameWith, kernel, annals } = request;
    const except = cameWith?.sessionId;
    done(await tell(endSessions({ person: principal.id, ...(except === undefined ? {} : { except }) })));
    kernel.identity.forget(principal.id);
    annals.security.record({ kind: 'session-revoked', reason: 'Others', actor: principal.id, ...noteOf(request) });
    return json(200, {});
  },
});

const logout = openRoute({
  method: 'POST',
  path: '/api/logout',
  summary: 'End the session of this browser, and take its cookie away',
  tags,
  responses: { 200: { description: 'There is none any more.', schema: Done }, 403: commandErrors[403] ?? { description: '' } },
  handle: async (visit) => {
    const identified = await visit.kernel.identity.identify(visit.req);
    if (!identified.ok && identified.code === 'Forbidden') throw new HttpError(identified.code, identified.message);
    const [sessionId, person] = identified.ok ? [identified.cameWith?.sessionId, identified.principal.id] : [];
    return json(200, {}, { 'set-cookie': await closeSession(visit, sessionId, person) });
  },
});

export const sessionRoutes: readonly RouteDefinition[] = [list, handOn, revoke, revokeOthers, logout];
