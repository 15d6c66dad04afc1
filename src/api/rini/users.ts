import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { registerPerson } from '../../commands/person.ts';
import { annals as annalsItself } from '../../commands/settle-active-run.ts';
import { PersonId } from '../../domain/ids.ts';
import { json } from '../http/answer.ts';
import { createRateLimit } from '../http/identity/rate-limit.ts';
import type { Tokens } from '../http/identity/tokens.ts';
import { HttpError } from '../http/problem.ts';
import { openRoute, type RouteDefinition, route } from '../http/route.ts';
import { detailed } from './errors.ts';

export interface Registration {
  readonly tokens: Tokens;
  /** Whether anybody may make an account of one's own. */
  readonly open: boolean;
  /** How long the token of a new account is valid. */
  readonly tokenMinutes: number;
  /** From one address; default 10. */
  readonly perMinute?: number;
}

const tags = ['Rini: users'];
const Account = z.object({ id: z.string(), access_token: z.string(), token_type: z.literal('bearer') });

/** Accounts as Rini's clients make them: an id and a token, nothing else. */
export function userRoutes({ tokens, open, tokenMinutes, perMinute = 10 }: Registration): readonly RouteDefinition[] {
  const limit = createRateLimit(perMinute);
  return [
    openRoute({
      method: 'POST',
      path: '/users/',
      summary: 'Make an account, and get its token',
      tags,
      errors: detailed,
      responses: {
        201: { description: 'The account.', schema: Account },
        403: { description: 'Administrators make the accounts here.' },
        429: { description: 'Too many from this address.' },
      },
      handle: async ({ annals, req, kernel, requestId }) => {
        if (!open) throw new HttpError('Forbidden', 'Accounts are made by administrators here: ask one, or set ANNALS_REGISTRATION=open.');
        limit({ req, kernel });
        const person = PersonId.parse(`person_${randomUUID().replaceAll('-', '')}`);
        const told = await annals.tell(annalsItself(person), registerPerson({ person, via: 'registration', roles: ['member'], profile: {} }), {
          correlationId: requestId,
        });
        if (!told.ok) throw new HttpError(told.error.code, told.error.message);
        const { token } = await tokens.access({ id: person, kind: 'person', roles: ['member'] }, { seconds: tokenMinutes * 60 });
        return json(201, { id: person, access_token: token, token_type: 'bearer' });
      },
    }),
    route({
      method: 'GET',
      path: '/users/me',
      summary: 'Whose token this is',
      tags,
      errors: detailed,
      responses: { 200: { description: 'The id.', schema: z.object({ id: z.string() }) }, 401: { description: 'Nobody’s.' } },
      handle: async ({ principal }) => json(200, { id: principal.id }),
    }),
  ];
}
