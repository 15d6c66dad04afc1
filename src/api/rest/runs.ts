import { z } from 'zod';
import type { CommandValue } from '../../commands/command.ts';
import { answerApproval, provideToolOutput, stopRun } from '../../commands/run.ts';
import { ConversationId, MessageId, RunId } from '../../domain/ids.ts';
import { getRun, listRuns } from '../../projections/queries/runs.ts';
import { json } from '../http/answer.ts';
import { asks } from '../http/asks.ts';
import { LARGE_BODY_LIMIT } from '../http/body.ts';
import { etag, idempotencyKey, outerPosition } from '../http/preconditions.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import { type RouteDefinition, route, routes } from '../http/route.ts';
import { sendStream, sse, sseHeaders } from '../http/stream.ts';
import { commandErrors } from '../http/tells.ts';
import { Done, Run, RunItemSchema, RunPage } from './schemas.ts';

const tags = ['Runs'];
const responses = { 200: { description: 'Done, and stored.', schema: Done }, ...commandErrors };

/** Where a run belongs, as its commands have to say. */
interface Target {
  readonly conversationId: ConversationId;
  readonly runId: RunId;
  readonly messageId: MessageId;
}

const Known = z.object({ id: RunId, conversationId: ConversationId, messageId: MessageId });

/** Tells a command of a run by the run's id alone. */
export async function tellRun(request: RouteRequest, runId: RunId, command: (target: Target) => CommandValue<unknown>) {
  const found = await request.ask(getRun({ runId }));
  if (!found.ok) throw new HttpError(found.error.code, found.error.message, found.error.details);
  const { conversationId, messageId } = Known.parse(found.data);
  const key = idempotencyKey(request.req);
  const told = await request.tell(command({ conversationId, runId, messageId }), key === undefined ? {} : { key });
  if (!told.ok) throw new HttpError(told.error.code, told.error.message, told.error.details);
  return json(200, {}, { ETag: etag(String(told.revision), told.position), 'Annals-Position': outerPosition(request.annals, told.position) });
}

const stop = route({
  method: 'POST',
  path: '/api/runs/{runId}/stop',
  summary: 'Stop a run; what it has written so far is kept',
  tags,
  params: z.object({ runId: RunId }),
  responses,
  handle: (request) => tellRun(request, request.params.runId, (target) => stopRun(target)),
});

const approve = route({
  method: 'POST',
  path: '/api/runs/{runId}/approvals/{approvalId}',
  summary: 'Allow or refuse the tool call that a run asks about',
  tags,
  params: z.object({ runId: RunId, approvalId: z.string().max(255) }),
  body: z.object({ approved: z.boolean(), reason: z.string().max(10_000).optional() }),
  responses,
  handle: (request) =>
    tellRun(request, request.params.runId, (target) => answerApproval({ ...target, approvalId: request.params.approvalId, ...request.body })),
});

const provide = route({
  method: 'POST',
  path: '/api/runs/{runId}/tools/{toolCallId}',
  summary: 'Give a run the output of a tool that the client runs',
  tags,
  params: z.object({ runId: RunId, toolCallId: z.string().max(255) }),
  body: z.object({ output: z.json().optional(), errorText: z.string().optional() }),
  bodyLimit: LARGE_BODY_LIMIT,
  responses,
  handle: (request) =>
    tellRun(request, request.params.runId, (target) => provideToolOutput({ ...target, toolCallId: request.params.toolCallId, ...request.body })),
});

const stream = route({
  method: 'GET',
  path: '/api/conversations/{conversationId}/runs/{runId}/stream',
  summary: 'What a run writes, from its beginning, while it writes it',
  description:
    'Server-sent events, each with one item as JSON. Ends with `finish`, or with `waiting` when the run waits for somebody; `segment` is where to begin after such a pause. Can be read any number of times, during the run and after it.',
  tags,
  params: z.object({ conversationId: ConversationId, runId: RunId }),
  query: z.object({ segment: z.coerce.number().int().min(0).optional() }),
  responses: {
    200: { description: 'The items, in order.', contentType: 'text/event-stream', schema: RunItemSchema },
    401: commandErrors[401] ?? { description: '' },
    404: commandErrors[404] ?? { description: '' },
  },
  handle: async ({ annals, principal, params, query: { segment }, res, signal }) => {
    const following = await annals.follow(principal, { topic: 'run', ...params, ...(segment === undefined ? {} : { segment }) }, { signal });
    if (!following.ok) throw new HttpError(following.error.code, following.error.message, following.error.details);
    const frames = async function* () {
      for await (const { item } of following.items) yield sse(item);
    };
    await sendStream(res, { headers: sseHeaders, signal, frames: frames() });
    return undefined;
  },
});

export const runRoutes: readonly RouteDefinition[] = [
  ...routes({
    'GET /api/conversations/{conversationId}/runs': asks(listRuns, {
      summary: 'The runs of a conversation, the newest first',
      tags,
      result: RunPage,
    }),
    'GET /api/runs/{runId}': asks(getRun, { summary: 'One run: where it stands and what it used', tags, result: Run }),
  }),
  stop,
  approve,
  provide,
  stream,
];
