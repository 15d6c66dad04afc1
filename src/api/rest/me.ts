import { z } from 'zod';
import { json } from '../http/answer.ts';
import { queryErrors } from '../http/asks.ts';
import { innerPosition, outerPosition } from '../http/preconditions.ts';
import { HttpError } from '../http/problem.ts';
import { type RouteDefinition, route } from '../http/route.ts';
import { sendStream, sse, sseHeaders } from '../http/stream.ts';
import { FeedEvent } from './schemas.ts';

const Model = z.object({ id: z.string(), provider: z.string(), name: z.string(), local: z.boolean().optional() });
const unauthenticated = { 401: queryErrors[401] ?? { description: '' } };

const models = route({
  method: 'GET',
  path: '/api/models',
  summary: 'The models to choose from, and the one used when nobody chose',
  tags: ['Models'],
  responses: {
    200: { description: 'Ids are `provider/model`.', schema: z.object({ models: z.array(Model), default: z.string() }) },
    ...unauthenticated,
  },
  handle: async ({ annals, principal }) => {
    const [list, usual] = await Promise.all([annals.models.list(principal.id), annals.models.defaultModel()]);
    return json(200, { models: list, default: list.some(({ id }) => id === usual) ? usual : (list[0]?.id ?? usual) });
  },
});

const events = route({
  method: 'GET',
  path: '/api/events',
  summary: 'Everything that happens to one’s own data, as it happens',
  description:
    'Server-sent events without an end; each `id:` is a position `<epoch>.<position>`, from which `Last-Event-ID` or `?after=` goes on. Without one it begins at the beginning.',
  tags: ['History'],
  query: z.object({ after: z.string().max(255).optional() }),
  responses: {
    200: { description: 'The events, in the order of the log; texts opened.', contentType: 'text/event-stream', schema: FeedEvent },
    ...queryErrors,
  },
  handle: async ({ annals, principal, req, res, query, kernel, signal }) => {
    const last = req.headers['last-event-id'];
    const from = typeof last === 'string' && last !== '' ? last : query.after;
    const until = AbortSignal.any([signal, kernel.closing]);
    const following = await annals.follow(
      principal,
      { topic: 'feed' },
      { signal: until, ...(from === undefined ? {} : { after: innerPosition(annals, from) }) },
    );
    if (!following.ok) throw new HttpError(following.error.code, following.error.message, following.error.details);
    const frames = async function* () {
      for await (const { cursor, item } of following.items) yield sse(item, outerPosition(annals, cursor));
    };
    await sendStream(res, { headers: sseHeaders, signal: until, frames: frames() });
    return undefined;
  },
});

export const meRoutes: readonly RouteDefinition[] = [models, events];
