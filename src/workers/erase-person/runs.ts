import { setTimeout as sleep } from 'node:timers/promises';
import { stopRun } from '../../commands/run.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { ConversationId, MessageId, PersonId, RunId } from '../../domain/ids.ts';
import { runStream, runs } from '../../domain/run/index.ts';
import { runList } from '../../projections/views/runs.ts';
import type { ErasureStep } from './parts.ts';
import { eachOf } from './seen.ts';
import { told } from './told.ts';

/** How long an answer that is being written may take to end. One that nobody writes any more ends when it is taken over. */
const PATIENCE_MS = 15_000;

export const runsOf: ErasureStep = {
  name: 'runs',
  async erase(parts, subjects, work) {
    const stopped: string[] = [];
    await eachOf(parts, { view: runList, field: 'owner', subjects, work }, async ({ id, doc }) => {
      if (!doc.open) return;
      const run = { conversationId: doc.conversationId as ConversationId, runId: id as RunId, messageId: doc.messageId as MessageId };
      told(await parts.tell(annals(doc.owner as PersonId), stopRun(run)));
      stopped.push(id);
    });
    const until = performance.now() + PATIENCE_MS;
    for (const run of stopped)
      while (performance.now() < until && (await parts.loader.load(runStream(run), runs)).state.status !== 'ended')
        await sleep(25, undefined, { signal: work.signal });
  },
};
