import { z } from 'zod';
import { conversationStream } from '../../domain/conversation/index.ts';
import { isUnopened, type JsonObject, type Opened } from '../../domain/event.ts';
import type { ConversationId } from '../../domain/ids.ts';
import { FinishReason, Outcome, type Part, type Role, type RunItem, type Usage } from '../../domain/message.ts';
import { assembleParts, type Piece } from '../../domain/pieces.ts';
import { runStream } from '../../domain/run/index.ts';
import type { QueryContext } from '../query.ts';
import { type MessageDoc, messageTree } from '../views/messages.ts';

/** One message, opened. */
export interface AuiMessage {
  readonly id: string;
  readonly parentId: string | null;
  readonly height: number;
  readonly role: z.infer<typeof Role>;
  readonly parts: readonly Part[];
  /** What the client stored with it; empty for a run's. */
  readonly metadata: JsonObject;
  readonly runId?: string;
  readonly model?: string;
  readonly usage?: Usage;
  /** Absent while the run goes on or waits, and for what is no run's. */
  readonly outcome?: Outcome;
  readonly finishReason?: FinishReason;
  readonly feedback?: 'positive' | 'negative';
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type Row = MessageDoc & { id: string };

export interface StreamRow {
  readonly doc: MessageDoc;
  /** The command that wrote it. */
  readonly commandId: string;
  /** Revision of its adoption by a client. */
  readonly adoptedAt?: bigint;
}

/** The rows as the view would have them at the streams' own position, because it is the view's own fold that makes them. */
export async function rowsFromStreams(
  context: QueryContext,
  conversationId: ConversationId,
  ids: ReadonlySet<string>,
): Promise<ReadonlyMap<string, StreamRow>> {
  const rows = new Map<string, StreamRow>();
  for await (const event of context.events(conversationStream(conversationId))) {
    if (!messageTree.types.includes(event.type)) continue;
    for (const key of messageTree.keys(event)) {
      if (typeof key !== 'string' || !ids.has(key)) continue;
      const row = rows.get(key);
      const doc = messageTree.fold(row?.doc, event);
      if (doc === undefined || doc === 'delete') continue;
      rows.set(key, { commandId: event.metadata.commandId, ...row, doc, ...(event.type === 'MessageAdopted' ? { adoptedAt: event.revision } : {}) });
    }
  }
  for (const [id, row] of rows) if (row.doc.runId !== null) rows.set(id, { ...row, doc: await withRun(context, row.doc, row.doc.runId) });
  return rows;
}

/** An answer as its run's own stream has it now; what else is known of the message stays. */
export const refolded = (context: QueryContext, doc: MessageDoc, runId: string): Promise<MessageDoc> =>
  withRun(context, { ...doc, status: 'requested', pieces: [], model: null, usage: null, finishReason: null, error: null }, runId);

async function withRun(context: QueryContext, requested: MessageDoc, runId: string): Promise<MessageDoc> {
  let doc = requested;
  for await (const event of context.events(runStream(runId))) {
    if (!messageTree.types.includes(event.type)) continue;
    const next = messageTree.fold(doc, event);
    if (next !== undefined && next !== 'delete') doc = next;
  }
  return doc;
}

/** The message with its sealed parts opened; of an answer that is being written, the live log gives what no event has yet. */
export async function messageOf(context: QueryContext, doc: Row): Promise<AuiMessage> {
  const pieces = (await context.openDeep(doc.pieces)) as Piece<Opened<{ parts?: Part[]; metadata?: JsonObject }>>[];
  const first = doc.runId === null ? pieces[0]?.body : undefined;
  const recorded = pieces.filter(({ kind }) => kind === 'parts').length;
  const partial = doc.status === 'streaming' && doc.runId !== null ? await partOfStep(context, doc.runId, recorded) : [];
  if (partial === undefined) return messageOf(context, { ...(await refolded(context, doc, doc.runId ?? '')), id: doc.id });
  const model = doc.runId === null ? undefined : await chosenModel(context, doc.runId);
  const outcome = Outcome.safeParse(doc.status).data;
  const finishReason = FinishReason.safeParse(doc.finishReason).data;
  return {
    id: doc.id,
    parentId: doc.parentId,
    height: doc.height,
    role: doc.role,
    parts: [...assembleParts(pieces), ...partial],
    metadata: first === undefined || isUnopened(first) ? {} : (first.metadata ?? {}),
    ...(doc.runId === null ? {} : { runId: doc.runId }),
    ...(model === undefined ? {} : { model }),
    ...(doc.usage ? { usage: doc.usage } : {}),
    ...(outcome ? { outcome } : {}),
    ...(finishReason ? { finishReason } : {}),
    ...(doc.feedback ? { feedback: doc.feedback.rating } : {}),
    createdAt: doc.createdAt,
    updatedAt: doc.updatedAt,
  };
}

/** The model by the name under which it can be chosen, as the stream told it; the view has the provider's own name for it. */
async function chosenModel({ events }: QueryContext, runId: string): Promise<string | undefined> {
  for await (const { data } of events(runStream(runId), { max: 1 })) return z.string().safeParse(data['model']).data;
  return undefined;
}

/** The texts of the step that a run is at; undefined when more steps have been recorded than the reader has. */
async function partOfStep(context: QueryContext, runId: string, recorded: number): Promise<Part[] | undefined> {
  let step = -1;
  let ended = 0;
  let open = false;
  for await (const { type, data } of context.events(runStream(runId))) {
    if (type === 'ModelCallStarted') {
      step = z.number().parse(data['step']);
      open = true;
    } else if (type === 'StepCompleted' || type === 'RunEnded') {
      ended++;
      open = false;
    }
  }
  if (ended > recorded) return undefined;
  return open ? textsOfStep(await context.live(runId), step) : [];
}

function textsOfStep(items: readonly RunItem[], step: number): Part[] {
  const texts = new Map<string, Part & { type: 'text' | 'reasoning' }>();
  let at = -1;
  for (const item of items) {
    if (item.type === 'step-start') at = item.step;
    if (at !== step || (item.type !== 'text' && item.type !== 'reasoning')) continue;
    const key = `${item.type} ${item.id}`;
    texts.set(key, { type: item.type, text: (texts.get(key)?.text ?? '') + item.delta });
  }
  return [...texts.values()];
}
