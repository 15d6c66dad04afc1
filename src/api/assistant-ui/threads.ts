import { z } from 'zod';
import * as conversation from '../../commands/conversation.ts';
import type { ConversationId } from '../../domain/ids.ts';
import { auiConversation } from '../../projections/queries/assistant-ui-runs.ts';
import { type AuiThread, auiThread, auiThreads } from '../../projections/queries/assistant-ui-threads.ts';
import { json } from '../http/answer.ts';
import { done, needed } from '../http/outcome.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import { type RouteDefinition, route } from '../http/route.ts';
import { asJson, cloudErrors, cloudRefusals, nothing, tags, threadIn } from './answers.ts';
import { ThreadCreateRequest, ThreadListQuery, ThreadUpdateRequest } from './wire/cloud-requests.ts';
import { EmptyResponse, ThreadCreatedResponse, type ThreadJson, ThreadListResponse, ThreadResponse } from './wire/thread-json.ts';

const PROJECT = 'annals';
const Params = z.object({ threadId: z.string() });

/** A thread on the wire. `metadata.activeStreamId` says what can be resumed; it is ours and never stored. */
export const threadJson = ({
  id,
  owner,
  title,
  metadata,
  externalId,
  archived,
  activeStreamId,
  createdAt,
  updatedAt,
  lastMessageAt,
}: AuiThread): ThreadJson => ({
  id,
  project_id: PROJECT,
  workspace_id: owner,
  external_id: externalId,
  title,
  metadata: { ...metadata, activeStreamId },
  is_archived: archived,
  created_at: createdAt,
  updated_at: updatedAt,
  last_message_at: lastMessageAt,
});

type Metadata = z.output<typeof ThreadUpdateRequest>['metadata'];

function ownMetadata(metadata: Metadata): Metadata {
  if (!metadata) return metadata;
  const { activeStreamId: _, ...own } = metadata;
  return own;
}

const titleOf = (title: string | null | undefined): string | undefined => title?.trim() || undefined;

export function threadRoutes(): readonly RouteDefinition[] {
  const list = route({
    method: 'GET',
    path: '/aui/v1/threads',
    summary: 'One’s threads',
    description:
      'By `last_message_at` and id, descending. `after` is the id of the last thread of the page before. Without `is_archived` the active ones.',
    tags,
    query: ThreadListQuery,
    errors: cloudErrors,
    responses: { 200: { description: 'A page of threads.', schema: ThreadListResponse }, ...cloudRefusals },
    handle: async ({ ask, query: { is_archived: archived = false, limit, after, external_id: externalId } }) => {
      const query = { archived, limit, ...(after === undefined ? {} : { after }), ...(externalId === undefined ? {} : { externalId }) };
      return json(200, { threads: needed(await ask(auiThreads(query))).map(threadJson) });
    },
  });

  const create = route({
    method: 'POST',
    path: '/aui/v1/threads',
    summary: 'A new thread',
    description:
      'An `external_id` names one thread of a person: with `upsert` the one that has it is answered (200), without it a second one is refused (409).',
    tags,
    body: ThreadCreateRequest,
    errors: cloudErrors,
    responses: {
      200: { description: 'There was a thread with this `external_id`.', schema: ThreadCreatedResponse },
      201: { description: 'The thread is there.', schema: ThreadCreatedResponse },
      409: asJson('Another thread has this `external_id`.'),
      ...cloudRefusals,
    },
    handle: async (request) => {
      const { title, metadata, last_message_at: lastMessageAt, external_id: externalId, upsert } = request.body;
      if (externalId) return byExternalId(request, externalId, upsert === true);
      const own = ownMetadata(metadata);
      const named = titleOf(title);
      const told = await request.tell(
        conversation.startConversation({
          ...(named ? { title: named } : {}),
          ...(own ? { metadata: own } : {}),
          ...(lastMessageAt ? { lastMessageAt } : {}),
        }),
      );
      return json(201, { thread_id: done(told).result.conversationId });
    },
  });

  const get = route({
    method: 'GET',
    path: '/aui/v1/threads/{threadId}',
    summary: 'One thread',
    tags,
    params: Params,
    errors: cloudErrors,
    responses: { 200: { description: 'The thread.', schema: ThreadResponse }, ...cloudRefusals },
    handle: async ({ ask, params }) => json(200, { thread: threadJson(needed(await ask(auiThread({ conversationId: threadIn(params.threadId) })))) }),
  });

  const update = route({
    method: 'PUT',
    path: '/aui/v1/threads/{threadId}',
    summary: 'Rename, archive or describe a thread',
    description: 'What is absent stays; `metadata: null` empties it.',
    tags,
    params: Params,
    body: ThreadUpdateRequest,
    errors: cloudErrors,
    responses: { 200: { description: 'Done.', schema: EmptyResponse }, ...cloudRefusals },
    handle: async (request) => {
      const conversationId = threadIn(request.params.threadId);
      needed(await request.ask(auiConversation({ conversationId })));
      await change(request, conversationId, request.body);
      return nothing;
    },
  });

  const remove = route({
    method: 'DELETE',
    path: '/aui/v1/threads/{threadId}',
    summary: 'Put a thread into the trash',
    description: 'It is gone from everything here, and can be restored or deleted for good with the native API.',
    tags,
    params: Params,
    errors: cloudErrors,
    responses: { 200: { description: 'Done.', schema: EmptyResponse }, ...cloudRefusals },
    handle: async ({ ask, tell, params }) => {
      const conversationId = threadIn(params.threadId);
      needed(await ask(auiConversation({ conversationId })));
      done(await tell(conversation.trashConversation({ conversationId })));
      return nothing;
    },
  });

  return [list, create, get, update, remove];
}

type Change = z.output<typeof ThreadUpdateRequest>;

async function change(
  { tell }: RouteRequest,
  conversationId: ConversationId,
  { title, last_message_at: lastMessageAt, metadata, is_archived: archived }: Change,
) {
  const target = { conversationId };
  const named = titleOf(title);
  if (named) done(await tell(conversation.renameConversation({ ...target, title: named })));
  if (metadata !== undefined) done(await tell(conversation.setConversationMetadata({ ...target, metadata: ownMetadata(metadata) ?? null })));
  if (lastMessageAt) done(await tell(conversation.touchConversation({ ...target, lastMessageAt })));
  if (archived !== undefined) done(await tell(archived ? conversation.archiveConversation(target) : conversation.unarchiveConversation(target)));
}

/** How often a name may be used again after its thread was deleted. */
const LIVES = 100;

/** The command's key is the name, so that whoever comes first makes the thread and all others find it. A trashed thread has lost its name. */
async function byExternalId(request: RouteRequest<unknown, unknown, z.output<typeof ThreadCreateRequest>>, externalId: string, upsert: boolean) {
  const { tell, ask, body } = request;
  for (let life = 0; life < LIVES; life++) {
    const told = done(await tell(conversation.startConversation({ externalId }), { key: JSON.stringify(['external', externalId, life]) }));
    const { conversationId } = told.result;
    if (!told.duplicate) {
      await change(request, conversationId, body);
      return json(201, { thread_id: conversationId });
    }
    if (!(await ask(auiConversation({ conversationId }))).ok) continue;
    if (upsert) return json(200, { thread_id: conversationId });
    throw new HttpError('Conflict', 'Another thread has this external_id: use it, or ask with upsert.', { thread_id: conversationId });
  }
  throw new HttpError('Conflict', 'This external_id has been used too often: take another one.');
}
