import { z } from 'zod';
import { RunId } from '../../domain/ids.ts';
import { auiConversation, auiRun, auiRunPlace } from '../../projections/queries/assistant-ui-runs.ts';
import { json } from '../http/answer.ts';
import { LARGE_BODY_LIMIT } from '../http/body.ts';
import { needed } from '../http/outcome.ts';
import { HttpError } from '../http/problem.ts';
import { type RouteDefinition, route } from '../http/route.ts';
import { notHere, plainErrors, plainRefusals, tags, threadIn } from './answers.ts';
import { answerChat } from './chat.ts';
import { streamRun } from './chat-stream.ts';
import type { Dialect } from './dialect.ts';
import { stopActive } from './stopping.ts';
import { ChatRequestBody, parseChatRequest } from './wire/chat-request.ts';

const Protocol = z.object({ protocol: z.enum(['ui-message', 'data-stream']).default('ui-message') });
const Thread = z.object({ threadId: z.string() });
const streamed = { description: 'The answer as it is written: an AI SDK UI message stream, or a data stream.', contentType: 'text/event-stream' };
const StreamId = z.string().regex(/^run_[\w-]+\.\d{1,6}$/);

export function chatRoutes(dialect: Dialect): readonly RouteDefinition[] {
  const chat = route({
    method: 'POST',
    path: '/aui/api/chat',
    summary: 'Send a message, answer it anew, or bring what an answer waits for',
    description:
      'Takes the bodies of AI SDK UI (`parts`) and of data-stream runtimes (`content`). The thread must exist; the last message counts, the earlier ones only say where it stands. A message that is here already is answered with its run. Leaving does not stop the answer: `x-resumable-stream-id` names what can be read again.',
    tags,
    query: Protocol,
    body: ChatRequestBody,
    bodyLimit: LARGE_BODY_LIMIT,
    errors: plainErrors,
    responses: { 200: streamed, ...plainRefusals },
    handle: async (request) => {
      const { req, principal, body, query } = request;
      const parsed = parseChatRequest(body, dialect.addresses.links(req, principal));
      if (!parsed.ok) throw new HttpError('InvalidInput', parsed.message);
      const answered = await answerChat(dialect, request, parsed.request);
      const frontendTools = new Set(parsed.request.tools.map(({ name }) => name));
      const left = dialect.readers.begin(answered.runId);
      try {
        return await streamRun(dialect, request, answered, { protocol: query.protocol, frontendTools });
      } finally {
        left();
      }
    },
  });

  const resume = route({
    method: 'GET',
    path: '/aui/api/chat/resume/{streamId}',
    summary: 'A stream again, from its beginning',
    description:
      'The whole message up to now, and on: clients begin the message anew when they resume. Streams of answers that have ended are there too.',
    tags,
    params: z.object({ streamId: z.string() }),
    query: Protocol,
    errors: plainErrors,
    responses: { 200: streamed, ...plainRefusals },
    handle: async (request) => {
      const { runId, segment } = streamIn(request.params.streamId);
      const { conversationId, messageId, run } = needed(await request.ask(auiRunPlace({ runId })));
      if (segment > run.segment + 1) throw notHere('stream');
      return streamRun(dialect, request, { conversationId, runId, messageId, segment: 0, held: [] }, request.query);
    },
  });

  const whole = route({
    method: 'GET',
    path: '/aui/api/chat/{threadId}/stream',
    summary: 'The answer that is being written in a thread, from its beginning',
    tags,
    params: Thread,
    query: Protocol,
    errors: plainErrors,
    responses: { 200: streamed, 204: { description: 'Nothing is being written.' }, ...plainRefusals },
    handle: async (request) => {
      const conversationId = threadIn(request.params.threadId);
      const { active } = needed(await request.ask(auiConversation({ conversationId })));
      if (!active) return { status: 204 };
      const { messageId, run } = needed(await request.ask(auiRun({ conversationId, runId: active })));
      if (run.status === 'waiting' || run.status === 'ended') return { status: 204 };
      return streamRun(dialect, request, { conversationId, runId: active, messageId, segment: 0, held: [] }, request.query);
    },
  });

  const stop = route({
    method: 'POST',
    path: '/aui/api/chat/{threadId}/stop',
    summary: 'Stop the answer that is being written',
    description: 'What has been written stays. A `runId` that is not the active one is ignored.',
    tags,
    params: Thread,
    body: z.object({ runId: z.string().max(255).nullish() }),
    errors: plainErrors,
    responses: {
      200: { description: 'Which run was told to stop, if any.', schema: z.object({ stopped: z.string().nullable() }) },
      ...plainRefusals,
    },
    handle: async (request) => {
      const conversationId = threadIn(request.params.threadId);
      const conversation = needed(await request.ask(auiConversation({ conversationId })));
      return json(200, { stopped: (await stopActive(request, conversationId, conversation, request.body.runId ?? undefined)) ?? null });
    },
  });

  return [chat, resume, whole, stop];
}

function streamIn(streamId: string): { runId: RunId; segment: number } {
  if (!StreamId.safeParse(streamId).success) throw notHere('stream');
  const dot = streamId.lastIndexOf('.');
  return { runId: RunId.parse(streamId.slice(0, dot)), segment: Number(streamId.slice(dot + 1)) };
}
