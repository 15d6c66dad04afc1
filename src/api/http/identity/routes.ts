import { z } from 'zod';
import { claimAnonymous } from '../../../commands/person.ts';
import type { PersonId } from '../../../domain/ids.ts';
import { countConversations } from '../../../projections/queries/conversations.ts';
import { claims } from '../../../projections/views/claims.ts';
import { conversationList } from '../../../projections/views/conversations.ts';
import { type Answer, json } from '../answer.ts';
import { HttpError } from '../problem.ts';
import type { Visit } from '../request.ts';
import { openRoute, type RouteDefinition, route } from '../route.ts';
import { type IdentityOptions, isLoopbackPeer } from './identify.ts';
import { RENEW_PREFIX } from './open-session.ts';
import { createRateLimit } from './rate-limit.ts';
import { renewed } from './renew-session.ts';
import { newAnonymous } from './tokens.ts';

const MINTED_PER_MINUTE = 30;
const REFRESHED_PER_MINUTE = 120;
/** How long a claim waits to be seen, in ms; it holds whether it is seen or not. */
const CLAIM_VISIBLE_MS = 2000;

const Refresh = z.object({ refresh_token: z.string().max(4096) });
const Tokens = z.object({ access_token: z.string(), refresh_token: z.object({ token: z.string(), expires_at: z.iso.datetime() }) });
const tags = ['Identity'];
const refused = {
  401: { description: 'The token is not valid, or no longer.' },
  403: { description: 'Pages of this origin may not have tokens.' },
  429: { description: 'Too many requests from this address; Retry-After says for how long, in seconds.' },
};

/** Tokens for browsers: of whoever is known already, and of visitors nobody knows. Wire shapes are those of assistant-cloud's client. */
export function identityRoutes({ tokens }: Pick<IdentityOptions, 'tokens'>): readonly RouteDefinition[] {
  const limitMinting = createRateLimit(MINTED_PER_MINUTE);
  const limitRefreshing = createRateLimit(REFRESHED_PER_MINUTE);

  const pairFor = async (principal: ReturnType<typeof newAnonymous>): Promise<Answer> => {
    const [access, refresh] = await Promise.all([tokens.access(principal), tokens.refresh(principal.id)]);
    return json(200, { access_token: access.token, refresh_token: { token: refresh.token, expires_at: refresh.expiresAt.toISOString() } });
  };

  const ownToken = route({
    method: 'POST',
    path: '/aui/v1/auth/tokens',
    summary: 'A short-lived token for whoever asks',
    description: 'Never outlives the session or the token it was asked for with, and is void with it.',
    tags,
    responses: { 200: { description: 'A JWT, valid for an hour at most.', schema: z.object({ token: z.string() }) }, 401: refused[401] },
    handle: async ({ principal, expires, cameWith }) =>
      json(200, { token: (await tokens.access(principal, { ...cameWith, ...(expires === undefined ? {} : { notAfter: expires }) })).token }),
  });

  const anonymous = openRoute({
    method: 'POST',
    path: '/aui/v1/auth/tokens/anonymous',
    summary: 'Tokens for a new anonymous visitor',
    tags,
    responses: { 200: { description: 'The tokens of a person that nobody has been before.', schema: Tokens }, ...refused },
    handle: async ({ req, kernel }) => {
      if (req.headers.origin === undefined ? !isLoopbackPeer(req) : kernel.doors.listedOrigin(req) === undefined) {
        throw new HttpError('Forbidden', 'Pages of this origin may not have tokens: list it in ANNALS_ORIGINS.');
      }
      limitMinting({ req, kernel });
      return pairFor(newAnonymous());
    },
  });

  const anonymousOf = async ({ kernel }: Visit, refreshToken: string): Promise<PersonId> => {
    const person = await tokens.verifyRefresh(refreshToken);
    if (person !== undefined && !(await kernel.identity.isClaimed(person))) return person;
    kernel.annals.refusals.unauthenticated('Unauthenticated');
    throw new HttpError('Unauthenticated', 'This refresh token is not valid, or no longer.');
  };

  const refresh = openRoute({
    method: 'POST',
    path: '/aui/v1/auth/tokens/refresh',
    summary: 'New tokens for the same anonymous visitor, or for the session of a client without cookies',
    description: 'The refresh token of a session is good once: used again it ends the session, because one of two must have stolen it.',
    tags,
    body: Refresh,
    responses: { 200: { description: 'New tokens; the refresh token is good for 30 days from now.', schema: Tokens }, ...refused },
    handle: async (visit) => {
      limitRefreshing(visit);
      if (visit.body.refresh_token.startsWith(RENEW_PREFIX)) return json(200, await renewed(visit, visit.body.refresh_token));
      return pairFor({ id: await anonymousOf(visit, visit.body.refresh_token), kind: 'anonymous', roles: [] });
    },
  });

  const claim = route({
    method: 'POST',
    path: '/aui/v1/threads/claim',
    summary: 'Take over the threads of the anonymous visitor one was before',
    tags,
    body: Refresh,
    responses: {
      200: { description: 'How many threads are one’s own now.', schema: z.object({ moved: z.int() }) },
      401: refused[401],
      403: { description: 'An anonymous visitor cannot take over anything.' },
      409: { description: 'Somebody else has taken them over.' },
      422: { description: 'The refresh token is not valid, or no longer.' },
    },
    handle: async (request) => {
      const { annals, principal, kernel, body } = request;
      if (principal.kind === 'anonymous') throw new HttpError('Forbidden', 'Log in first: an anonymous visitor cannot take over anything.');
      const person = await tokens.verifyRefresh(body.refresh_token);
      if (person === undefined) throw new HttpError('RefreshTokenInvalid', 'This refresh token is not valid, or no longer.');
      const told = await request.tell(claimAnonymous({ anonymous: person, by: principal.id }));
      if (!told.ok) throw new HttpError(told.error.code, told.error.message, told.error.details);
      await annals.progress.waitFor([claims.name, conversationList.name], told.position, { timeoutMs: CLAIM_VISIBLE_MS, signal: request.signal });
      kernel.identity.forget(principal.id, person);
      const asClaimer = { ...principal, claimed: [...(principal.claimed ?? []), person] };
      const counted = await annals.ask(asClaimer, countConversations({ owner: person }));
      return json(200, { moved: counted.ok ? counted.data.count : 0 });
    },
  });

  return [ownToken, anonymous, refresh, claim];
}
