import { z } from 'zod';
import { acknowledgeAlert } from '../../commands/alert.ts';
import { AlertRule } from '../../domain/alert.ts';
import { listAlerts, listSecurityEvents } from '../../projections/queries/security.ts';
import { securityKinds } from '../../projections/views/security.ts';
import { asks, queryErrors } from '../http/asks.ts';
import { innerPosition, outerPosition } from '../http/preconditions.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import { type RouteDefinition, route, routes } from '../http/route.ts';
import { sendStream, sse, sseHeaders } from '../http/stream.ts';
import { tells } from '../http/tells.ts';
import { Done } from './schemas.ts';

const tags = ['Audit'];
const Time = z.string().meta({ format: 'date-time' });
const next = { next: z.string().optional().describe('The cursor of the next page; absent on the last one.') };

const SecurityEvent = z.object({
  eventId: z.string(),
  position: z.string(),
  time: Time,
  kind: z.enum(securityKinds),
  actor: z.string().describe('Who did it; `person_visitors` for a stranger.'),
  subject: z.string().describe('Whose account or data it is about.'),
  door: z.string().describe('A route, or the name of a command, query, topic or worker.'),
  reason: z.string().describe('A code.'),
  target: z.string().describe('The id of what it is about, or a pseudonym of what a stranger called itself.'),
  network: z.string().describe('A pseudonym of the network it came from, the same for one day.'),
  count: z.int().describe('How often within a minute.'),
  correlationId: z.string().describe('The request’s id.'),
  range: z.string().optional().describe('The network itself; for administrators.'),
  about: z.string().optional().describe('What it was about; for administrators.'),
});
const Alert = z.object({
  alertId: z.string(),
  rule: AlertRule,
  about: z.string().describe('A person or a pseudonym; of a reader of another’s data, whose it was and who read it, with a slash between.'),
  by: z.string(),
  subject: z.string(),
  count: z.int(),
  since: Time,
  raisedAt: Time,
  status: z.enum(['open', 'acknowledged']),
  acknowledgedBy: z.string().nullable(),
  acknowledgedAt: Time.nullable(),
  note: z.string().nullable(),
});

const NDJSON = 'application/x-ndjson';

const feed = route({
  method: 'GET',
  path: '/api/security/feed',
  summary: 'Security events and alerts as they come, for alerting',
  description:
    'Without an end. Each `id:` (with `format=ndjson`, each line’s `cursor`) is a position `<epoch>.<position>`, from which `Last-Event-ID` or `?after=` goes on; without one it begins at the beginning. An event may come again after a reconnection: drop those whose `eventId` you have.',
  tags,
  query: z.object({
    after: z.string().max(255).optional(),
    format: z.enum(['sse', 'ndjson']).default('sse').describe('`ndjson`: lines of JSON, as collectors of logs take them.'),
  }),
  responses: {
    200: { description: 'The events, in the order of the log.', contentType: 'text/event-stream', schema: SecurityEvent },
    ...queryErrors,
  },
  handle: async (request) => {
    const { annals, res, query, kernel } = request;
    const signal = AbortSignal.any([request.signal, kernel.closing]);
    const from = startOf(request);
    const following = await annals.follow(
      request.principal,
      { topic: 'security' },
      { signal, ...(from === undefined ? {} : { after: innerPosition(annals, from) }) },
    );
    if (!following.ok) throw new HttpError(following.error.code, following.error.message, following.error.details);
    const asLines = query.format === 'ndjson';
    const frames = async function* () {
      for await (const { cursor, item } of following.items) {
        const place = outerPosition(annals, cursor);
        yield asLines ? `${JSON.stringify({ cursor: place, ...item })}\n` : sse(item, place);
      }
    };
    const form = asLines ? { headers: { 'content-type': NDJSON }, keepAlive: '\n' } : { headers: sseHeaders };
    await sendStream(res, { ...form, signal, frames: frames() });
    return undefined;
  },
});

function startOf({ req, query }: RouteRequest<unknown, { after?: string | undefined }>): string | undefined {
  const last = req.headers['last-event-id'];
  return typeof last === 'string' && last !== '' ? last : query.after;
}

/** For those who watch over the installation. */
export const securityRoutes: readonly RouteDefinition[] = [
  feed,
  ...routes({
    'GET /api/security/events': asks(listSecurityEvents, {
      summary: 'Failed logins, refusals, limits, and what else is about security, the latest first',
      tags,
      result: z.object({ events: z.array(SecurityEvent), ...next }),
    }),
    'GET /api/security/alerts': asks(listAlerts, {
      summary: 'What was found in them, the latest first',
      tags,
      result: z.object({ alerts: z.array(Alert), ...next }),
    }),
    'POST /api/security/alerts/{alertId}/acknowledge': tells(acknowledgeAlert, {
      summary: 'Say that somebody has looked at an alert',
      tags,
      result: Done,
    }),
  }),
];
