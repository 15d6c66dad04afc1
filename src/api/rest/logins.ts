import { z } from 'zod';
import { releaseIdentity } from '../../commands/identity.ts';
import { claimLocal, removeLogin } from '../../commands/login.ts';
import { annals as annalsItself } from '../../commands/settle-active-run.ts';
import { PersonId } from '../../domain/ids.ts';
import { LOCAL_PERSON } from '../../domain/person.ts';
import { listLogins } from '../../projections/queries/logins.ts';
import { getPerson } from '../../projections/queries/people.ts';
import { json } from '../http/answer.ts';
import { asks } from '../http/asks.ts';
import { done, needed } from '../http/outcome.ts';
import { type RouteDefinition, route, routes } from '../http/route.ts';
import { commandErrors } from '../http/tells.ts';
import { Done } from './schemas.ts';

const tags = ['Login'];
const Logins = z.object({
  logins: z.array(
    z.object({
      identity: z.string().describe('Names it here; nothing leads back from it.'),
      method: z.string(),
      account: z.string().describe('What the provider called it when it was added.'),
      addedAt: z.iso.datetime(),
    }),
  ),
});

const unlink = route({
  method: 'DELETE',
  path: '/api/me/logins/{identity}',
  summary: 'Log in that way no more',
  description: 'Never the last one. To add one, a browser goes to `/login/{provider}?link=1`.',
  tags,
  params: z.object({ identity: z.string().max(128) }),
  responses: { 200: { description: 'Whoever logs in that way is somebody new.', schema: Done }, ...commandErrors },
  handle: async ({ tell, annals, principal, params: { identity }, requestId }) => {
    const person = principal.id;
    done(await tell(removeLogin({ person, identity })));
    // Should this not be reached, the next login does it.
    done(await annals.tell(annalsItself(person), releaseIdentity({ identity, person }), { correlationId: requestId }));
    return json(200, {});
  },
});

const claim = route({
  method: 'POST',
  path: '/api/people/{person}/claim-local',
  summary: 'Give a person what the local person owned',
  description: 'By whoever runs this installation alone: `annals claim-local`.',
  tags,
  params: z.object({ person: PersonId }),
  responses: { 200: { description: 'It is theirs from now on.', schema: Done }, ...commandErrors },
  handle: async ({ ask, tell, params: { person }, kernel }) => {
    needed(await ask(getPerson({ person })));
    done(await tell(claimLocal({ by: person })));
    kernel.identity.forget(person, LOCAL_PERSON);
    return json(200, {});
  },
});

export const loginListRoutes: readonly RouteDefinition[] = [
  unlink,
  claim,
  ...routes({ 'GET /api/me/logins': asks(listLogins, { summary: 'The ways in which you log in', tags, result: Logins }) }),
];
