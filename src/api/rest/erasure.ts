import { z } from 'zod';
import { erasePerson, objectToAnalytics, restrictProcessing } from '../../commands/person.ts';
import { JobId, PersonId } from '../../domain/ids.ts';
import { ANNALS } from '../../domain/person.ts';
import type { Principal } from '../../domain/principal.ts';
import { getJob } from '../../projections/queries/jobs.ts';
import { getPrivacy, hasOtherAdministrators } from '../../projections/queries/privacy.ts';
import { json } from '../http/answer.ts';
import { asks } from '../http/asks.ts';
import { done } from '../http/outcome.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import { openRoute, type RouteDefinition, route, routes } from '../http/route.ts';
import { commandErrors } from '../http/tells.ts';
import { JobShown } from './jobs.ts';
import { Done } from './schemas.ts';

const tags = ['Privacy'];
/** What has to be typed, so that nobody does it by mistake, or without being there. */
const CONFIRMATION = 'delete my account';
const begun = {
  description: 'The account is closed. `/api/erasures/{jobId}` says how far its erasure has come, also to whoever has no account any more.',
  schema: z.object({ jobId: z.string() }),
};
const operator: Principal = { id: ANNALS, kind: 'service', roles: [] };

async function erase({ tell, kernel }: RouteRequest, person: PersonId) {
  const { jobId } = done(await tell(erasePerson({ person }))).result;
  kernel.identity.forget(person);
  return json(202, { jobId });
}

const eraseMe = route({
  method: 'POST',
  path: '/api/me/erase',
  summary: 'Delete your account and everything in it, for good',
  description: `Needs \`"confirm": "${CONFIRMATION}"\`. Every session and token of yours is void within 5 s; nothing can bring anything back.`,
  tags,
  body: z.strictObject({ confirm: z.literal(CONFIRMATION) }),
  responses: { 202: begun, ...commandErrors },
  handle: async (request) => {
    const { ask, principal } = request;
    if (principal.roles.includes('administrator')) {
      const asked = await ask(hasOtherAdministrators({}));
      if (!asked.ok) throw new HttpError(asked.error.code, asked.error.message);
      if (!asked.data.others)
        throw new HttpError('LastAdministrator', 'Nobody could administer this installation without you: make somebody else an administrator first.');
    }
    return erase(request, principal.id);
  },
});

const eraseSomebody = route({
  method: 'POST',
  path: '/api/people/{person}/erase',
  summary: 'Delete a person’s account and everything in it, for good',
  description: 'Needs the id of the person once more in `confirm`. Oneself: `/api/me/erase`.',
  tags,
  params: z.object({ person: PersonId }),
  body: z.strictObject({ confirm: z.string().max(255) }),
  responses: { 202: begun, ...commandErrors },
  handle: async (request) => {
    const { principal, params, body } = request;
    if (!principal.roles.includes('administrator')) throw new HttpError('Forbidden', 'Only an administrator may do this.');
    if (params.person === principal.id) throw new HttpError('OwnAccount', 'That is you: use /api/me/erase.');
    if (body.confirm !== params.person) throw new HttpError('InvalidInput', 'confirm: must be the id of the person.');
    return erase(request, params.person);
  },
});

/** The id is known to whoever asked for it and to administrators, and says nothing of whose it is. */
const progress = openRoute({
  method: 'GET',
  path: '/api/erasures/{jobId}',
  summary: 'How far an erasure has come',
  tags,
  params: z.object({ jobId: JobId }),
  responses: {
    200: { description: 'As it stands.', schema: JobShown.pick({ jobId: true, status: true, number: true, of: true }) },
    404: { description: 'There is none.' },
  },
  handle: async ({ annals, params: { jobId } }) => {
    const asked = await annals.ask(operator, getJob({ jobId }));
    if (!asked.ok || asked.data.kind !== 'erase') throw new HttpError('NotFound', 'There is no such erasure.');
    const { status, number, of } = asked.data;
    return json(200, { jobId, status, number, of });
  },
});

const Said = z.strictObject({
  restricted: z
    .boolean()
    .optional()
    .describe('No model is called, and nothing titled, indexed or counted, until it is lifted (article 18 of the GDPR).'),
  objectsToAnalytics: z.boolean().optional().describe('Analysts see nothing of it (article 21).'),
});

async function say({ tell }: RouteRequest, person: PersonId, { restricted, objectsToAnalytics: objects }: z.output<typeof Said>) {
  if (restricted !== undefined) done(await tell(restrictProcessing({ person, restricted })));
  if (objects !== undefined) done(await tell(objectToAnalytics({ person, objects })));
  return json(200, {});
}

const sayMine = route({
  method: 'PATCH',
  path: '/api/me/privacy',
  summary: 'Restrict the processing of your data, or object to analytics; or take that back',
  tags,
  body: Said,
  responses: { 200: { description: 'Said.', schema: Done }, ...commandErrors },
  handle: (request) => say(request, request.principal.id, request.body),
});

const sayTheirs = route({
  method: 'PATCH',
  path: '/api/people/{person}/privacy',
  summary: 'Restrict the processing of a person’s data, or note its objection to analytics',
  tags,
  params: z.object({ person: PersonId }),
  body: Said,
  responses: { 200: { description: 'Said.', schema: Done }, ...commandErrors },
  handle: (request) => say(request, request.params.person, request.body),
});

const Shown = z.object({ restricted: z.boolean(), objectsToAnalytics: z.boolean() });

export const erasureRoutes: readonly RouteDefinition[] = [
  eraseMe,
  eraseSomebody,
  progress,
  sayMine,
  sayTheirs,
  ...routes({
    'GET /api/me/privacy': asks(getPrivacy, { summary: 'What you have said about the use of your data', tags, result: Shown }),
    'GET /api/people/{person}/privacy': asks(getPrivacy, { summary: 'What a person has said about the use of its data', tags, result: Shown }),
  }),
];
