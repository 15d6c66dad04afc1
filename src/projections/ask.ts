import { BadCursor } from '../adapters/document-store/cursor.ts';
import type { DocumentStore } from '../adapters/document-store/port.ts';
import type { Loader } from '../adapters/event-store/loader.ts';
import { resolveOwner } from '../adapters/event-store/owner.ts';
import { type EventStore, type ReadOptions, START } from '../adapters/event-store/port.ts';
import type { Evidence } from '../adapters/evidence/port.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import type { LiveLog } from '../adapters/live-log/port.ts';
import { type Conversation, conversationStream, conversations } from '../domain/conversation/index.ts';
import type { DomainError } from '../domain/decider.ts';
import { fileStream, files, isThere, type StoredFile } from '../domain/file.ts';
import type { Tag } from '../domain/mcp/names.ts';
import { mayDo, type Principal } from '../domain/principal.ts';
import { resourceShares, shareStream } from '../domain/resource-share.ts';
import { may, mayEver } from '../permissions/ability.ts';
import type { Progress } from './progress.ts';
import type { ViewStatus } from './projector.ts';
import type { Ask, Asked, AskOptions, QueryContext, QueryValue, Views } from './query.ts';
import { liveItems } from './run-stream.ts';
import { collectionOf } from './view.ts';
import { attachments, attachmentsOf } from './views/attachments.ts';

export interface AskParts {
  readonly store: EventStore;
  readonly loader: Loader;
  readonly documents: DocumentStore;
  readonly sealer: Sealer;
  readonly liveLog: LiveLog;
  readonly progress: Progress;
  readonly onShown: (principal: Principal, owners: readonly string[], what: string, target: string, correlationId?: string) => void;
  readonly onRefusal: (principal: Principal, refused: { verb: 'ask'; what: string; code: string; target: string }, correlationId?: string) => void;
  readonly evidence?: Evidence | undefined;
  readonly tag: Tag;
  readonly privacy: Pick<QueryContext, 'privacy' | 'now' | 'pseudonym' | 'objecting'>;
}

const WAIT_MS = 2000;
/** In so many conversations a file is looked for. */
const MOST_ATTACHED = 200;

/** The views, read through a document store. */
export const viewsOf = (documents: DocumentStore): Views => ({
  get: async (view, id) => (await documents.getMany<never>(collectionOf(view), [id])).get(id),
  getMany: (view, ids) => documents.getMany(collectionOf(view), ids),
  find: (view, filter, options) => documents.find(collectionOf(view), filter, options),
});

/** Loads a conversation if the principal may see it: its own, or shared with it. `shows` hears whose it is. */
export const seenConversation =
  (loader: Loader, principal: Principal, shows: (owner: string, id: string) => void = () => undefined) =>
  async (id: string, as?: 'listed'): Promise<Conversation | undefined> => {
    const { state } = await loader.load(conversationStream(id), conversations);
    const owner = await resolveOwner(loader, state);
    if (owner === undefined || state.status === 'deleted') return undefined;
    if (!may(principal, 'conversation.view', { owner, shares: state.shares })) return undefined;
    if (as === undefined) shows(owner, id);
    return state;
  };

/** Loads a file's state, if the principal may see it: its own, shared with it, or named by its owner in a conversation that the principal may see. */
const seenFile =
  (loader: Loader, views: Views, principal: Principal, shows: (owner: string, id: string) => void) =>
  async (id: string, as?: 'listed'): Promise<StoredFile | undefined> => {
    const { state } = await loader.load(fileStream(id), files);
    const owner = await resolveOwner(loader, state);
    if (owner === undefined || !isThere(state)) return undefined;
    const isSeen = may(principal, 'file.view', { owner, shares: state.shares }) || (await isAttached(loader, views, principal, id, owner));
    if (!isSeen) return undefined;
    if (as === undefined) shows(owner, id);
    return state;
  };

async function isAttached(loader: Loader, views: Views, principal: Principal, fileId: string, owner: string): Promise<boolean> {
  if (!mayEver(principal, 'file.view')) return false;
  const see = seenConversation(loader, principal);
  const { documents } = await views.find(attachments, attachmentsOf(fileId), { limit: MOST_ATTACHED });
  for (const { doc } of documents) {
    const isOwners = (await resolveOwner(loader, { owner: doc.author })) === owner;
    if (isOwners && (await see(doc.conversationId))) return true;
  }
  return false;
}

/** The kernel's second verb: parse, policy, wait for one's own write, read; a query opens what it shows. */
export function createAsk({ store, loader, documents, sealer, liveLog, progress, onShown, onRefusal, evidence, tag, privacy }: AskParts): Ask {
  const views = viewsOf(documents);

  return async <Data>(principal: Principal, { definition, input: raw }: QueryValue<Data>, options: AskOptions = {}): Promise<Asked<Data>> => {
    const refused = (error: DomainError): { ok: false; error: DomainError } => {
      onRefusal(principal, { verb: 'ask', what: definition.queryName, code: error.code, target: '' }, options.correlationId);
      return { ok: false, error };
    };
    const parsed = definition.input.safeParse(raw);
    if (!parsed.success) return { ok: false, error: invalid(parsed.error.issues) };
    const decision = mayDo('read', principal) ? definition.policy({ principal, input: parsed.data, needs: definition.needs }) : unreadable;
    if (decision !== 'allow') return refused(decision === 'notFound' ? nothingHere : decision);
    const names = definition.views.map(({ name }) => name);
    const wait = { timeoutMs: options.timeoutMs ?? WAIT_MS, ...(options.signal ? { signal: options.signal } : {}) };
    if (options.after !== undefined) {
      if (!(await progress.waitFor(names, options.after, wait)))
        return { ok: false, error: { code: 'NotYetVisible', message: 'Your write is stored, but not yet visible here: read again in a moment.' } };
    }
    const read = (): readonly ViewStatus[] => progress.status().filter(({ view }) => names.includes(view));
    const underWay = (statuses: readonly ViewStatus[]) => statuses.find(({ state }) => state === 'catching-up');
    // Right after a start this is a matter of moments.
    if (underWay(read())) await progress.waitBuilt(names, wait);
    const reading = read();
    const building = underWay(reading);
    if (building) return { ok: false, error: beingBuilt(building) };
    try {
      const shows = (owners: readonly string[], target: string): void =>
        onShown(principal, owners, definition.queryName, target, options.correlationId);
      const context = {
        principal,
        views,
        conversation: seenConversation(loader, principal, (owner, id) => shows([owner], id)),
        file: seenFile(loader, views, principal, (owner, id) => shows([owner], id)),
        ownerOf: (state: { readonly owner?: string }) => resolveOwner(loader, state),
        shares: async (id: string) => (await loader.load(shareStream(id), resourceShares)).state.shares,
        events: (stream: string, options?: ReadOptions) => store.read(stream, options),
        live: (runId: string) => liveItems(liveLog, sealer, runId),
        shows,
        open: sealer.open,
        openDeep: sealer.openDeep,
        status: progress.status,
        evidence,
        tag,
        ...privacy,
      };
      const data = await definition.run(parsed.data, context);
      if (data === undefined) return refused(nothingHere);
      const position = reading.reduce((low, status) => (low === START || status.position < low ? status.position : low), START);
      return { ok: true, data, position };
    } catch (error) {
      if (error instanceof BadCursor)
        return { ok: false, error: { code: 'InvalidInput', message: 'This page cursor is not one of ours: start over without it.' } };
      throw error;
    }
  };
}

export const unreadable: DomainError = { code: 'Forbidden', message: 'This token may not read.' };
const nothingHere: DomainError = { code: 'NotFound', message: 'There is no such thing here, or it is not yours.' };
const invalid = (issues: readonly { path: readonly PropertyKey[]; message: string }[]): DomainError => ({
  code: 'InvalidInput',
  message: issues.map(({ path, message }) => [...path.map(String), message].join(': ')).join('; '),
});
const beingBuilt = ({ view, position }: ViewStatus): DomainError => ({
  code: 'ViewRebuilding',
  message: `The view ${view} is being built and has come to ${position}: try again in a moment.`,
  details: { view, position },
});
