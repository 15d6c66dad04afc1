import { v5 } from 'uuid';
import type { Tell } from '../commands/command.ts';
import { expireRun } from '../commands/run.ts';
import { annals } from '../commands/settle-active-run.ts';
import type { ConversationId, MessageId, RunId } from '../domain/ids.ts';
import { ANNALS } from '../domain/person.ts';
import type { Views } from '../projections/query.ts';
import { deadlines } from '../projections/views/deadlines.ts';
import { sweepKeyGraces } from './key-grace.ts';

/** Tells what is due by now; each deadline's command is named by the event that set it, so telling it twice is telling it once. Answers how many were due. */
export async function sweepDeadlines({ tell, views, now }: { tell: Tell; views: Views; now: () => Date }): Promise<number> {
  const { documents } = await views.find(deadlines, { dueAt: { lte: now().toISOString() } }, { sort: [['dueAt', 'asc']], limit: 500 });
  for (const { doc } of documents) {
    const command = expireRun({
      conversationId: doc.conversationId as ConversationId,
      runId: doc.runId as RunId,
      messageId: doc.messageId as MessageId,
    });
    await tell(annals(ANNALS), command, { commandId: v5('deadline', doc.eventId), causationId: doc.eventId });
  }
  await sweepKeyGraces({ tell, views, now });
  return documents.length;
}
