import type { StoredDocument } from '../../adapters/document-store/port.ts';
import type { Loader } from '../../adapters/event-store/loader.ts';
import type { EventStore } from '../../adapters/event-store/port.ts';
import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import { conversationStream, conversations } from '../../domain/conversation/index.ts';
import { isUnopened, type Sealed } from '../../domain/event.ts';
import type { ExportedConversation, ExportedMessage } from '../../domain/export/format.ts';
import type { PersonId } from '../../domain/ids.ts';
import { conversationMasking, MaskedWordsChanged, maskedWordsStream, maskingStream } from '../../domain/masking/index.ts';
import { Profile } from '../../domain/person.ts';
import { pages } from '../../projections/pages.ts';
import { conversationInfo } from '../../projections/queries/conversation-info.ts';
import { messageInfo } from '../../projections/queries/message-info.ts';
import { profileOf } from '../../projections/queries/profile-of.ts';
import type { Views } from '../../projections/query.ts';
import { claims } from '../../projections/views/claims.ts';
import type { ConversationDoc } from '../../projections/views/conversations.ts';
import { type MessageDoc, messageTree } from '../../projections/views/messages.ts';
import { people } from '../../projections/views/people.ts';
import { type RunDoc, runList } from '../../projections/views/runs.ts';

export interface GatherParts {
  readonly loader: Loader;
  readonly store: EventStore;
  readonly sealer: Sealer;
  readonly views: Views;
}

/** The person, and the anonymous ones whose data is its own. */
export async function idsOf({ views }: Pick<GatherParts, 'views'>, person: PersonId): Promise<readonly PersonId[]> {
  const ids: PersonId[] = [person];
  for await (const page of pages(views, claims, { by: person })) ids.push(...page.map(({ id }) => id as PersonId));
  return ids;
}

export async function personOf({ views, sealer, store }: GatherParts, person: PersonId) {
  const document = await views.get(people, person);
  const said = document ? await profileOf(document.doc, sealer) : {};
  const profile = Profile.parse(Object.fromEntries(Object.entries(said).filter(([, value]) => !isUnopened(value))));
  let words: string[] = [];
  for await (const event of store.read(maskedWordsStream(person), { backwards: true, max: 1 })) {
    if (event.type !== MaskedWordsChanged.type) continue;
    const content = await sealer.open(event.data.sealed as unknown as Sealed, event.id);
    if (!isUnopened(content)) words = (content as { words: string[] }).words;
  }
  return { profile, maskedWords: words };
}

/** A thread without its messages. */
export async function conversationOf({ loader, sealer }: GatherParts, document: StoredDocument<ConversationDoc>): Promise<ExportedConversation> {
  const { state } = await loader.load(conversationStream(document.id), conversations);
  const { mode } = (await loader.load(maskingStream(document.id), conversationMasking)).state;
  const info = await conversationInfo(document, sealer);
  const { id, title, metadata, externalId, createdAt, updatedAt, lastMessageAt, leaf } = info;
  return {
    id: id as ExportedConversation['id'],
    title: isUnopened(title) ? null : title,
    titledBy: state.titledBy ?? null,
    metadata,
    externalId,
    archived: document.doc.archived,
    trashed: document.doc.status === 'trashed',
    createdAt,
    updatedAt,
    lastMessageAt,
    leaf: leaf as ExportedConversation['leaf'],
    retention: state.retention,
    masking: mode,
  };
}

/** The thread's messages, parents first. */
export async function* messagesOf({ views, sealer, loader }: GatherParts, id: string): AsyncGenerator<ExportedMessage> {
  const { state } = await loader.load(conversationStream(id), conversations);
  const names = Map.groupBy(state.aliases, ([, messageId]) => messageId as string);
  const order = [
    ['height', 'asc'],
    ['createdAt', 'asc'],
  ] as const;
  for await (const page of pages(views, messageTree, { conversationId: id }, order)) {
    const runs = await views.getMany(
      runList,
      page.flatMap(({ doc }) => (doc.runId === null ? [] : [doc.runId])),
    );
    for (const document of page) {
      const called = names.get(document.id)?.map(([alias]) => alias) ?? [];
      yield await messageOf(sealer, document, called, document.doc.runId === null ? undefined : runs.get(document.doc.runId)?.doc);
    }
  }
}

async function messageOf(sealer: Sealer, document: StoredDocument<MessageDoc>, aliases: string[], run: RunDoc | undefined): Promise<ExportedMessage> {
  const info = await messageInfo(document, sealer);
  const { conversationId, parentId, height, role, createdAt, updatedAt, parts, metadata, feedback, runId, status, finishReason, error } = info;
  return {
    id: info.id as ExportedMessage['id'],
    conversationId: conversationId as ExportedMessage['conversationId'],
    parentId: parentId as ExportedMessage['parentId'],
    height,
    role,
    createdAt,
    updatedAt,
    parts: [...parts],
    metadata,
    aliases,
    adopted: document.doc.adopted,
    feedback: feedback && { rating: feedback.rating, comment: feedback.comment },
    run:
      runId === null
        ? null
        : {
            id: runId as NonNullable<ExportedMessage['run']>['id'],
            status: status === 'sent' ? 'interrupted' : status,
            model: run?.model ?? info.model,
            calls: run?.calls ?? 0,
            usage: run?.usage ?? info.usage,
            finishReason: finishReason as NonNullable<ExportedMessage['run']>['finishReason'],
            error: error && { ...error },
            requestedAt: run?.requestedAt ?? createdAt,
            startedAt: run?.startedAt ?? null,
            endedAt: run?.endedAt ?? null,
          },
  };
}
