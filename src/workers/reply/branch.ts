import type { Blobs } from '../../adapters/blobs/port.ts';
import type { Loader } from '../../adapters/event-store/loader.ts';
import { resolveOwner } from '../../adapters/event-store/owner.ts';
import type { EventStore } from '../../adapters/event-store/port.ts';
import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import type { ModelMessage } from '../../adapters/model-provider/port.ts';
import { branchOf, type Conversation, conversationStream, type Expansion, type Node } from '../../domain/conversation/index.ts';
import { isUnopened, type Opened, type RecordedEvent, type Sealed } from '../../domain/event.ts';
import { fileStream, files } from '../../domain/file.ts';
import type { FileId, MessageId, PersonId, RunId } from '../../domain/ids.ts';
import type { Part } from '../../domain/message.ts';
import { assembleParts, type Piece } from '../../domain/pieces.ts';
import type { Principal } from '../../domain/principal.ts';
import { type RunEvent, runStream } from '../../domain/run/index.ts';
import { sharesWith } from '../../permissions/ability.ts';
import type { Views } from '../../projections/query.ts';
import { messageTree } from '../../projections/views/messages.ts';
import { modelMessages, type ReadFile } from './context.ts';

export interface BranchParts {
  readonly store: EventStore;
  readonly loader: Loader;
  readonly sealer: Sealer;
  readonly blobs: Blobs;
  readonly views: Views;
  /** What somebody may do now. */
  readonly principalOf: (person: PersonId) => Promise<Principal>;
}

/** What the model is told: the branch that ends at the message, texts from the view where it has them, from the streams otherwise. */
export async function branchMessages(
  parts: BranchParts,
  conversation: Conversation,
  conversationId: string,
  leaf: MessageId,
): Promise<ModelMessage[]> {
  const branch = branchOf(conversation, leaf);
  const known = await parts.views
    .getMany(
      messageTree,
      branch.map(({ id }) => id),
    )
    .catch(() => new Map());
  const readFile = fileReader(parts, conversation);
  const messages: ModelMessage[] = [];
  for (const node of branch) {
    const pieces = known.get(node.id)?.doc;
    const settled = pieces && !node.replaced && (node.runId === undefined || conversation.runs.get(node.runId)?.outcome === pieces.status);
    const opened = settled ? ((await parts.sealer.openDeep(pieces.pieces)) as Piece<never>[]) : await piecesFromStreams(parts, conversationId, node);
    messages.push(...(await modelMessages(node.role, assembleParts(opened), readFile, expansionOf(opened))));
  }
  return messages;
}

async function piecesFromStreams(parts: BranchParts, conversationId: string, node: Node): Promise<Piece<never>[]> {
  if (node.runId !== undefined) return runPieces(parts, node.runId);
  for await (const event of parts.store.read(conversationStream(conversationId), { from: node.revision, max: 1 })) {
    const content = await parts.sealer.open((event.data as unknown as { sealed: Sealed }).sealed, event.id);
    return [{ kind: 'parts', body: content as never }];
  }
  return [];
}

/** What a prompt that the message called says in its place. */
function expansionOf([first]: readonly Piece<Opened<{ expansion?: Expansion }>>[]): Expansion | undefined {
  return first?.kind === 'parts' && !isUnopened(first.body) ? first.body.expansion : undefined;
}

async function runPieces({ store, sealer }: Pick<BranchParts, 'store' | 'sealer'>, runId: RunId): Promise<Piece<never>[]> {
  const pieces: Piece<never>[] = [];
  for await (const recorded of store.read(runStream(runId))) pieces.push(...(await pieceOf(sealer, recorded)));
  return pieces;
}

/** The parts of a run so far, from its own stream. */
export const runParts = async (parts: Pick<BranchParts, 'store' | 'sealer'>, runId: RunId): Promise<Part[]> =>
  assembleParts(await runPieces(parts, runId));

async function pieceOf(sealer: Sealer, recorded: RecordedEvent): Promise<Piece<never>[]> {
  const event = recorded as unknown as RunEvent;
  if (!('sealed' in event.data)) return [];
  const body = (await sealer.open(event.data.sealed as Sealed, event.id)) as never;
  switch (event.type) {
    case 'ToolCallEnded':
      return [{ kind: 'tool', toolCallId: event.data.toolCallId, result: event.data.result, body }];
    case 'ApprovalAnswered':
      return [{ kind: 'approval', toolCallId: event.data.toolCallId, approvalId: event.data.approvalId, approved: event.data.approved, body }];
    case 'ToolInputRequested':
    case 'ToolInputAnswered':
      return [];
    default:
      return [{ kind: 'parts', body }];
  }
}

/** Of the files alone that somebody has named in this conversation whose they are, or with whom they are shared now: naming another's is naming none. */
const fileReader =
  ({ loader, sealer, blobs, principalOf }: BranchParts, conversation: Conversation): ReadFile =>
  async (fileId) => {
    const { state } = await loader.load(fileStream(fileId), files);
    const owner = await resolveOwner(loader, state);
    const isReadBy = async (author: PersonId): Promise<boolean> => {
      const whose = await resolveOwner(loader, { owner: author });
      if (whose === undefined || whose === owner) return whose === owner;
      return state.shares.size > 0 && sharesWith(await principalOf(whose), 'file.view').some((grantee) => state.shares.has(grantee));
    };
    const { blobId, key, mediaType = 'application/octet-stream' } = state;
    if (owner === undefined || blobId === undefined || key === undefined) return undefined;
    let isRead = false;
    for (const author of conversation.files.get(fileId as FileId) ?? []) isRead ||= await isReadBy(author);
    const bytes = isRead ? await blobs.get(blobId) : undefined;
    if (!bytes) return undefined;
    const opened = await sealer.openBytes({ k: key, a: blobId, bytes: Buffer.from(bytes) });
    return isUnopened(opened) ? undefined : { bytes: opened, mediaType };
  };
