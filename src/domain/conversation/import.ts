import type { NewEvent } from '../event.ts';
import type { ExportedConversation, ExportedMessage } from '../export/format.ts';
import type { FileId, MessageId } from '../ids.ts';
import type { Outcome } from '../message.ts';
import * as happened from './events.ts';
import { type Conversation, resolveMessage } from './state.ts';

/** The event as something that was there before: it keeps its time, but not one that has yet to come. */
export const at = (event: NewEvent, time: string, now: string): NewEvent => ({ ...event, at: time < now ? time : now });

/** How a run ended that may have been under way when it was exported: nothing goes on with it. */
export const outcomeOf = (status: NonNullable<ExportedMessage['run']>['status']): Outcome =>
  status === 'requested' || status === 'streaming' || status === 'waiting' ? 'interrupted' : status;

export function importedStart(from: ExportedConversation, now: string): NewEvent[] {
  const { id: conversationId, title, titledBy, metadata, externalId, createdAt, lastMessageAt } = from;
  const said = titledBy === 'model' ? undefined : (title ?? undefined);
  const started = happened.ConversationStarted({
    conversationId,
    titled: said !== undefined,
    title: said,
    metadata: metadata ?? undefined,
    externalId: externalId ?? undefined,
    lastMessageAt,
  });
  return [at(started, createdAt, now), happened.ConversationImported({ conversationId })];
}

/** Only what is not there yet; `unknown` names a parent that is not there. An answer comes with its end, so that nobody begins to write it. */
export function importedMessages(messages: readonly ExportedMessage[], state: Conversation, now: string): NewEvent[] | { unknown: string } {
  const events: NewEvent[] = [];
  const heights = new Map<string, number>();
  const heightOf = (id: string): number | undefined => heights.get(id) ?? resolveMessage(state, id)?.height;
  for (const message of messages) {
    if (state.nodes.has(message.id) || heights.has(message.id)) continue;
    const parent = message.parentId === null ? -1 : heightOf(message.parentId);
    if (parent === undefined || (message.run !== null && message.parentId === null)) return { unknown: message.parentId ?? message.id };
    heights.set(message.id, parent + 1);
    events.push(...(message.run ? answer(message, parent + 1, now) : sent(message, parent + 1, now)), ...marks(message, now));
  }
  return events;
}

function sent({ id, conversationId, parentId, role, parts, metadata, aliases, createdAt, updatedAt }: ExportedMessage, height: number, now: string) {
  const body = { parts, metadata: metadata ?? undefined };
  const fileIds = parts.flatMap((part) => (part.type === 'file' && part.fileId ? [part.fileId as FileId] : []));
  const first = happened.MessageSent({ conversationId, messageId: id, parentId, height, role, alias: aliases[0], fileIds, ...body });
  const replaced = happened.MessageContentReplaced({ conversationId, messageId: id, ...body });
  return [at(first, createdAt, now), ...(updatedAt > createdAt ? [at(replaced, updatedAt, now)] : [])];
}

function answer({ id, conversationId, parentId, run, createdAt, updatedAt }: ExportedMessage, height: number, now: string): NewEvent[] {
  if (!run) return [];
  const { id: runId, model, status, endedAt } = run;
  const requested = happened.ReplyRequested({
    conversationId,
    runId,
    messageId: id,
    parentId: parentId as MessageId,
    height,
    model: model ?? undefined,
    tools: undefined,
  });
  const settled = happened.ReplySettled({ conversationId, runId, outcome: outcomeOf(status) });
  return [at(requested, createdAt, now), at(settled, endedAt ?? updatedAt, now)];
}

function marks({ id: messageId, conversationId, run, aliases, adopted, feedback, updatedAt }: ExportedMessage, now: string): NewEvent[] {
  const others = run ? aliases : aliases.slice(1);
  const named = others.length > 0 ? others.map((alias) => ({ alias })) : adopted ? [{}] : [];
  const events: NewEvent[] = named.map((alias) => happened.MessageAdopted({ conversationId, messageId, ...alias }));
  if (feedback) events.push(happened.FeedbackGiven({ conversationId, messageId, rating: feedback.rating, comment: feedback.comment ?? undefined }));
  return events.map((event) => at(event, updatedAt, now));
}

export function importedEnd(from: ExportedConversation, state: Conversation, now: string): NewEvent[] {
  if (state.imported === 'whole') return [];
  const { id: conversationId, title, titledBy, leaf, archived, trashed, retention, updatedAt, lastMessageAt } = from;
  const events: NewEvent[] = [];
  if (titledBy === 'model' && title !== null) events.push(happened.ConversationTitled({ title }));
  if (leaf !== null && leaf !== state.leaf && state.nodes.has(leaf)) events.push(happened.BranchChosen({ conversationId, messageId: leaf }));
  if (archived) events.push(happened.ConversationArchived({}));
  events.push(happened.ConversationTouched({ lastMessageAt }));
  if (trashed) events.push(happened.ConversationTrashed({}));
  const past = events.map((event) => at(event, updatedAt, now));
  if (retention.keep !== 'usual') past.push(happened.ConversationRetentionSet({ conversationId, before: state.retention, retention }));
  return [...past, happened.ConversationImportCompleted({ conversationId })];
}
