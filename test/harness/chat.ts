import { createSealer } from '../../src/adapters/key-vault/sealer.ts';
import { sendMessage, startConversation } from '../../src/commands/conversation.ts';
import { type Conversation, conversationStream, conversations } from '../../src/domain/conversation/index.ts';
import { isUnopened, type RecordedEvent } from '../../src/domain/event.ts';
import type { ConversationId, MessageId, RunId } from '../../src/domain/ids.ts';
import type { Outcome, Part, Usage } from '../../src/domain/message.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { type Run, runStream, runs } from '../../src/domain/run/index.ts';
import type { Kernel } from '../../src/main/kernel-parts.ts';
import type { Disk } from './memory-annals.ts';
import { until } from './until.ts';

export interface Asked {
  readonly conversationId: ConversationId;
  readonly runId: RunId;
  readonly messageId: MessageId;
  readonly question: MessageId;
}

export async function startThread(kernel: Kernel, who: Principal): Promise<ConversationId> {
  const told = await kernel.tell(who, startConversation({}));
  if (!told.ok) throw new Error(told.error.code);
  return told.result.conversationId;
}

/** Sends a message in a thread of its own, or in the one given; what names its answer's run. */
export async function askFor(
  kernel: Kernel,
  who: Principal,
  text: string,
  options: { thread?: ConversationId; onActive?: 'stop' } = {},
): Promise<Asked> {
  const conversationId = options.thread ?? (await startThread(kernel, who));
  const told = await kernel.tell(
    who,
    sendMessage({ conversationId, parts: [{ type: 'text', text }], reply: true, onActive: options.onActive ?? 'refuse' }),
  );
  if (!told.ok) throw new Error(told.error.code);
  const { runId, replyId, messageId } = told.result;
  if (!runId || !replyId || !messageId) throw new Error('no answer was asked for');
  return { conversationId, runId, messageId: replyId, question: messageId };
}

export const runOf = async ({ loader }: Pick<Kernel, 'loader'>, runId: string): Promise<Run> => (await loader.load(runStream(runId), runs)).state;
export const threadOf = async ({ loader }: Pick<Kernel, 'loader'>, id: string): Promise<Conversation> =>
  (await loader.load(conversationStream(id), conversations)).state;

/** Waits until the run is settled in its thread; answers how it ended. */
export async function settled(kernel: Pick<Kernel, 'loader'>, { conversationId, runId }: Pick<Asked, 'conversationId' | 'runId'>): Promise<Outcome> {
  await until(async () => (await threadOf(kernel, conversationId)).runs.get(runId)?.outcome !== undefined);
  return (await threadOf(kernel, conversationId)).runs.get(runId)?.outcome as Outcome;
}

export async function eventsOf({ store }: Pick<Disk, 'store'>, stream: string): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of store.read(stream)) events.push(event);
  return events;
}

export const typesOf = async (disk: Disk, stream: string): Promise<string[]> => (await eventsOf(disk, stream)).map(({ type }) => type);

/** What the run's events tell of its end: the one terminal event, opened, and the usage of all its steps. */
export async function endOf(
  disk: Disk,
  runId: string,
): Promise<{ outcome: Outcome; text: string; usages: (Usage | undefined)[]; error?: { code: string } }> {
  const events = await eventsOf(disk, runStream(runId));
  const ends = events.filter(({ type }) => type === 'RunEnded');
  const [end] = ends;
  if (!end || ends.length > 1) throw new Error(`${ends.length} ends`);
  const { open } = createSealer(disk);
  const opened = await open(end.data.sealed as never, end.id);
  const parts = isUnopened(opened) ? [{ type: 'text', text: opened } as const] : (opened as unknown as { parts: Part[] }).parts;
  const data = end.data as unknown as { outcome: Outcome; error?: { code: string } };
  return {
    outcome: data.outcome,
    ...(data.error ? { error: data.error } : {}),
    text: parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join(''),
    usages: events.filter(({ type }) => type === 'StepCompleted' || type === 'RunEnded').map((event) => event.data.usage as Usage | undefined),
  };
}
