import { z } from 'zod';
import { unparkReaction } from '../../commands/reaction.ts';
import type { RebuildResult } from '../../projections/projector.ts';
import { listParked, listViews } from '../../projections/queries/operations.ts';
import type { Annals } from '../annals.ts';
import { json } from '../http/answer.ts';
import { asks } from '../http/asks.ts';
import { HttpError } from '../http/problem.ts';
import { openRoute, type RouteDefinition, route, routes } from '../http/route.ts';
import { sendStream } from '../http/stream.ts';
import { commandErrors, tells } from '../http/tells.ts';
import { Done, ParkedPage, ViewList } from './schemas.ts';

const tags = ['Operations'];
const Health = z.object({ status: z.enum(['ok', 'unavailable']), problems: z.array(z.string()).optional() });

const live = openRoute({
  method: 'GET',
  path: '/health/live',
  summary: 'The process is there',
  tags,
  responses: { 200: { description: 'It is.', schema: Health } },
  handle: async () => json(200, { status: 'ok' }),
});

const ready = openRoute({
  method: 'GET',
  path: '/health/ready',
  summary: 'The server can do its work: the views have caught up, and nothing is being taken over any more',
  description: 'The reasons are shown to administrators only.',
  tags,
  responses: { 200: { description: 'It can.', schema: Health }, 503: { description: 'It cannot, or not yet.', schema: Health } },
  handle: async ({ annals, kernel, req }) => {
    const [health, identified] = await Promise.all([annals.health(), kernel.identity.identify(req)]);
    const isReady = health.ready && !kernel.closing.aborted;
    const trusted = identified.ok && identified.principal.roles.includes('administrator');
    return json(
      isReady ? 200 : 503,
      { status: isReady ? 'ok' : 'unavailable', ...(trusted ? { problems: health.problems } : {}) },
      isReady ? {} : { 'retry-after': '1' },
    );
  },
});

const Line = z.union([
  z.object({ events: z.int() }),
  z.object({ view: z.string(), events: z.int(), documents: z.int(), equal: z.boolean() }),
  z.object({ error: z.string() }),
]);

const rebuild = route({
  method: 'POST',
  path: '/api/views/{view}/rebuild',
  summary: 'Build a view anew beside the live one, compare, and switch',
  description: 'Lines of JSON: how many events have been folded, and at the end the result, or an error.',
  tags,
  params: z.object({ view: z.string() }),
  responses: { 200: { description: 'The progress, line by line.', contentType: 'application/x-ndjson', schema: Line }, ...commandErrors },
  handle: async ({ ask, annals, params: { view }, res, signal, kernel }) => {
    const allowed = await ask(listViews({}));
    if (!allowed.ok) throw new HttpError(allowed.error.code, allowed.error.message);
    if (!allowed.data.views.some((known) => known.view === view)) throw new HttpError('NotFound', 'There is no such view.');
    const headers = { 'content-type': 'application/x-ndjson' };
    await sendStream(res, { headers, signal, keepAlive: '\n', frames: rebuildLines(annals, view, kernel.log) });
    return undefined;
  },
});

/** The rebuild goes on to its end, whether anybody reads of it or not. */
async function* rebuildLines({ progress }: Annals, view: string, log: (message: string) => void): AsyncGenerator<string> {
  let events = 0;
  let wake = (): void => undefined;
  let outcome: RebuildResult | { error: string } | undefined;
  const settle = (result: RebuildResult | { error: string }): void => {
    outcome = result;
    wake();
  };
  progress
    .rebuild(view, (count) => {
      events = count;
      wake();
    })
    .then(settle, (error: unknown) => {
      log(`rebuild of ${view}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      settle({ error: 'The rebuild failed; the view is as it was, and the server’s log says why.' });
    });
  for (let told = -1; outcome === undefined; told = events) {
    if (told !== events) yield `${JSON.stringify({ events })}\n`;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
  yield `${JSON.stringify(outcome)}\n`;
}

export const healthRoutes: readonly RouteDefinition[] = [live, ready];

export const operationRoutes: readonly RouteDefinition[] = [
  ...healthRoutes,
  rebuild,
  ...routes({
    'GET /api/views': asks(listViews, { summary: 'How far each view has come', tags, result: ViewList }),
    'GET /api/parked': asks(listParked, { summary: 'Events that reactions have put aside, the latest first', tags, result: ParkedPage }),
    'POST /api/parked/{reaction}/{eventId}/unpark': tells(unparkReaction, {
      summary: 'Let a reaction try again, this event and the later ones of its stream',
      description: 'Call it once the cause has been removed.',
      tags,
      result: Done,
    }),
  }),
];
