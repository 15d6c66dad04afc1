import { reportClient } from '../../commands/person.ts';
import type { JsonObject } from '../../domain/event.ts';
import { ConversationId } from '../../domain/ids.ts';
import { auiConversation } from '../../projections/queries/assistant-ui-runs.ts';
import { json } from '../http/answer.ts';
import { done } from '../http/outcome.ts';
import type { RouteRequest } from '../http/request.ts';
import { type RouteDefinition, route } from '../http/route.ts';
import { cloudErrors, cloudRefusals, notHere, tags } from './answers.ts';
import type { Dialect } from './dialect.ts';
import { stopActive, stoppedRun } from './stopping.ts';
import { EventsRequest, RunReportRequest, ScoreRequest } from './wire/cloud-requests.ts';
import { jsonObjectOf } from './wire/json.ts';
import { EventsAcceptedResponse, RunReportedResponse, ScoreResponse } from './wire/thread-json.ts';

type Report = { kind: 'run' | 'event' | 'score'; name: string; body: JsonObject };

const keep = async ({ tell }: RouteRequest, reports: Report[]): Promise<readonly string[]> =>
  done(await tell(reportClient({ day: new Date().toISOString().slice(0, 10), reports }))).result.reportIds;

export function reportRoutes({ readers }: Dialect): readonly RouteDefinition[] {
  /** The thread that is spoken of, if it is one's own. */
  const conversationOf = async ({ ask }: RouteRequest, threadId: string | undefined) => {
    const id = ConversationId.safeParse(threadId).data;
    const asked = id && (await ask(auiConversation({ conversationId: id })));
    return id && asked?.ok ? { id, conversation: asked.data } : undefined;
  };
  const stopped = async (request: RouteRequest, threadId: string | undefined, messageId: string | undefined): Promise<void> => {
    const found = await conversationOf(request, threadId);
    const runId = found && stoppedRun(found.conversation, readers, messageId);
    if (found && runId !== undefined) await stopActive(request, found.id, found.conversation, runId);
  };

  const runs = route({
    method: 'POST',
    path: '/aui/v1/runs',
    summary: 'Report a run as the client saw it',
    description:
      'Kept with one’s own data. `status: incomplete` with `outcome_type: aborted` says that the person pressed stop: a run that still goes on is stopped.',
    tags,
    body: RunReportRequest,
    errors: cloudErrors,
    responses: { 200: { description: 'Kept.', schema: RunReportedResponse }, ...cloudRefusals },
    handle: async (request) => {
      const { body } = request;
      const found = await conversationOf(request, body.thread_id);
      if (!found) throw notHere('thread');
      if (body.status === 'incomplete' && body.outcome_type === 'aborted') await stopped(request, body.thread_id, body.message_id);
      const [runId = ''] = await keep(request, [{ kind: 'run', name: body.status, body: jsonObjectOf(body) }]);
      return json(200, { run_id: runId });
    },
  });

  const events = route({
    method: 'POST',
    path: '/aui/v1/events',
    summary: 'Report what the person did in the app',
    description: 'Kept with one’s own data. `run_stopped` stops the run of its thread that nobody reads any more.',
    tags,
    body: EventsRequest,
    errors: cloudErrors,
    responses: { 202: { description: 'Kept.', schema: EventsAcceptedResponse }, ...cloudRefusals },
    handle: async (request) => {
      const { events: reported } = request.body;
      for (const { kind, thread_id: threadId, message_id: messageId } of reported)
        if (kind === 'run_stopped') await stopped(request, threadId, messageId);
      if (reported.length > 0)
        await keep(
          request,
          reported.map((event) => ({ kind: 'event', name: event.kind, body: jsonObjectOf(event) })),
        );
      return json(202, { accepted: reported.length });
    },
  });

  const scores = route({
    method: 'POST',
    path: '/aui/v1/scores',
    summary: 'Score a thread, a message or a run',
    tags,
    body: ScoreRequest,
    errors: cloudErrors,
    responses: { 201: { description: 'Kept.', schema: ScoreResponse }, ...cloudRefusals },
    handle: async (request) => {
      const { name, data_type, value, string_value = null } = request.body;
      const [scoreId = ''] = await keep(request, [{ kind: 'score', name, body: jsonObjectOf(request.body) }]);
      return json(201, { score_id: scoreId, name, data_type, value: value === undefined ? null : Number(value), string_value });
    },
  });

  return [runs, events, scores];
}
