import type { z } from 'zod';
import type { DocumentStore } from '../adapters/document-store/port.ts';
import type { Loader } from '../adapters/event-store/loader.ts';
import { resolveOwner } from '../adapters/event-store/owner.ts';
import { START } from '../adapters/event-store/port.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import { conversationStream, conversations } from '../domain/conversation/index.ts';
import type { DomainError } from '../domain/decider.ts';
import { isSealed, type JsonObject } from '../domain/event.ts';
import type { RunItem } from '../domain/message.ts';
import { isAnonymous, personStream, persons } from '../domain/person.ts';
import { mayDo, ownIds, type Principal } from '../domain/principal.ts';
import { may } from '../permissions/ability.ts';
import { unreadable, viewsOf } from './ask.ts';
import { documentsAfter } from './documents-after.ts';
import { followSecurity } from './follow-security.ts';
import type { Progress } from './progress.ts';
import { promptChanges } from './prompt-changes.ts';
import type { SecurityItem } from './queries/security-item.ts';
import { type RunStreamParts, runItems } from './run-stream.ts';
import { type FollowFeed, type FollowPrompts, FollowRun, type FollowSecurity } from './topics.ts';
import { feed } from './views/feed.ts';

export interface FollowParts extends RunStreamParts {
  readonly loader: Loader;
  readonly documents: DocumentStore;
  readonly progress: Progress;
  /** Says whose data a follower is shown, so that following another's is recorded. */
  readonly onShown: (principal: Principal, owners: readonly string[], what: string, target: string) => void;
  readonly onRefusal: (principal: Principal, refused: { verb: 'follow'; what: string; code: string; target: string }) => void;
}

export interface Followed<Item> {
  readonly cursor: string;
  readonly item: Item;
}
export type Following<Item> =
  | { readonly ok: true; readonly items: AsyncIterable<Followed<Item>> }
  | { readonly ok: false; readonly error: DomainError };

/** An event as a feed shows it; sealed parts opened. */
export interface FeedItem extends JsonObject {
  id: string;
  type: string;
  stream: string;
  revision: string;
  time: string;
  actor: string;
  data: JsonObject;
}

/** The kernel's third verb: what goes on, from a place on, until the signal. */
export interface Follow {
  (principal: Principal, topic: z.input<typeof FollowRun>, options: { signal: AbortSignal }): Promise<Following<RunItem>>;
  (principal: Principal, topic: z.input<typeof FollowPrompts>, options: { signal: AbortSignal }): Promise<Following<{ type: 'prompts-changed' }>>;
  (principal: Principal, topic: z.input<typeof FollowFeed>, options: { signal: AbortSignal; after?: string }): Promise<Following<FeedItem>>;
  (principal: Principal, topic: z.input<typeof FollowSecurity>, options: { signal: AbortSignal; after?: string }): Promise<Following<SecurityItem>>;
}

const nothingHere: DomainError = { code: 'NotFound', message: 'There is no such thing here, or it is not yours.' };

export function createFollow(parts: FollowParts): Follow {
  const { loader, sealer, onRefusal, onShown } = parts;

  const followRun = async (principal: Principal, topic: z.input<typeof FollowRun>, signal: AbortSignal): Promise<Following<RunItem>> => {
    const parsed = FollowRun.safeParse(topic);
    if (!parsed.success) return { ok: false, error: nothingHere };
    const { conversationId, runId, segment, only } = parsed.data;
    const allowed = async (): Promise<boolean> => {
      const { state } = await loader.load(conversationStream(conversationId), conversations);
      const owner = await resolveOwner(loader, state);
      if (owner === undefined || state.status === 'deleted' || !state.runs.has(runId)) return false;
      whose = owner;
      return may(principal, 'conversation.view', { owner, shares: state.shares });
    };
    let whose = '';
    if (!(await allowed())) {
      onRefusal(principal, { verb: 'follow', what: 'run', code: 'NotFound', target: runId });
      return { ok: false, error: nothingHere };
    }
    onShown(principal, [whose], 'run', conversationId);
    const watch = isAnonymous(principal.id) ? [personStream(principal.id)] : [];
    const messageId = (await loader.load(conversationStream(conversationId), conversations)).state.runs.get(runId)?.messageId ?? '';
    return {
      ok: true,
      items: numbered(runItems(parts, { conversationId, runId, messageId, segment, ...(only ? { only } : {}), allowed, watch, signal })),
    };
  };

  /** An anonymous visitor whom somebody has taken over follows nothing any more. */
  const isClaimed = async ({ id }: Principal): Promise<boolean> =>
    isAnonymous(id) && (await loader.load(personStream(id), persons)).state.claimedBy !== undefined;

  const feedItems = async function* (principal: Principal, after: string, signal: AbortSignal): AsyncGenerator<Followed<FeedItem>> {
    const owners = ownIds(principal);
    const filter = { person: owners.length === 1 ? (owners[0] as string) : { in: owners } };
    const goesOn = async (): Promise<boolean> => !(await isClaimed(principal));
    for await (const { id, doc, position } of documentsAfter(parts, feed, { filter, after, signal, goesOn })) {
      const { type, stream, revision, time, actor, data } = doc;
      yield { cursor: position, item: { id, type, stream, revision, time, actor, data: await openData(sealer, id, data) } };
    }
  };

  return (async (principal: Principal, topic: { topic: string }, { signal, after }: { signal: AbortSignal; after?: string }) => {
    if (!mayDo('read', principal)) return { ok: false, error: unreadable };
    if (topic.topic === 'run') return followRun(principal, topic as z.input<typeof FollowRun>, signal);
    if (topic.topic === 'prompts')
      return { ok: true, items: numbered(promptChanges({ views: viewsOf(parts.documents), progress: parts.progress }, principal, signal)) };
    if (topic.topic === 'security') {
      const following = followSecurity(parts, principal, { after: after ?? START, signal });
      if (!following.ok) onRefusal(principal, { verb: 'follow', what: 'security', code: following.error.code, target: '' });
      return following;
    }
    return { ok: true, items: feedItems(principal, after ?? START, signal) };
  }) as Follow;
}

/** An event's data with its personal part opened, which must be the event's own. */
async function openData({ open }: Sealer, id: string, data: JsonObject): Promise<JsonObject> {
  return isSealed(data.sealed) ? { ...data, sealed: await open(data.sealed, id) } : data;
}

async function* numbered<Item>(items: AsyncIterable<Item>): AsyncGenerator<Followed<Item>> {
  let count = 0;
  for await (const item of items) yield { cursor: String(count++), item };
}
