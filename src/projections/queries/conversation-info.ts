import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { isUnopened, type JsonObject } from '../../domain/event.ts';
import type { ShareLevel } from '../../domain/share.ts';
import type { QueryContext } from '../query.ts';
import type { ConversationDoc } from '../views/conversations.ts';
import { accessTo } from './owned.ts';

/** A thread as its owner sees it, and whom it is shared with. */
export interface ConversationInfo {
  readonly id: string;
  readonly state: 'active' | 'archived' | 'trashed';
  /** Null: none yet; `[erased]` or `[unreadable]` when it cannot be opened. */
  readonly title: string | null;
  readonly metadata: JsonObject | null;
  readonly externalId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly lastMessageAt: string;
  readonly trashedAt: string | null;
  readonly owner: string;
  /** What the reader may do with it. */
  readonly access: 'owner' | ShareLevel;
  /** The end of the branch that is shown. */
  readonly leaf: string | null;
  /** The run whose answer is still being written. */
  readonly activeRun: string | null;
}

/** A thread opened. */
export async function conversationInfo(
  { id, doc }: Pick<StoredDocument<ConversationDoc>, 'id' | 'doc'>,
  { openDeep, principal }: Pick<QueryContext, 'openDeep'> & Partial<Pick<QueryContext, 'principal'>>,
  shares?: ReadonlyMap<string, ShareLevel>,
): Promise<ConversationInfo> {
  // What it was started with is one sealed value, so it is opened once.
  const asStarted = doc.title !== null && doc.title.a === doc.metadata?.a;
  const opened = await openDeep({ title: doc.title, metadata: asStarted ? null : doc.metadata });
  const { title, metadata } = asStarted ? { title: opened.title, metadata: opened.title } : opened;
  const { owner, status, archived, externalId, createdAt, updatedAt, lastMessageAt, leaf, activeRun } = doc;
  return {
    id,
    state: status === 'trashed' ? 'trashed' : archived ? 'archived' : 'active',
    title: isUnopened(title) ? title : (Titled.parse(title ?? {}).title ?? null),
    metadata: isUnopened(metadata) ? null : (Described.parse(metadata ?? {}).metadata ?? null),
    externalId,
    createdAt,
    updatedAt,
    lastMessageAt,
    trashedAt: status === 'trashed' ? updatedAt : null,
    owner,
    access: principal ? accessTo(principal, { owner, shares }) : 'owner',
    leaf,
    activeRun,
  };
}
const Titled = z.object({ title: z.string().optional() });
const Described = z.object({ metadata: z.record(z.string(), z.json()).nullish() });
