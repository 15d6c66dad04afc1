import { setTimeout as sleep } from 'node:timers/promises';
import { v5 } from 'uuid';
import { conversationStream, conversations } from '../domain/conversation/index.ts';
import type { ConversationId, MessageId, PersonId, RunId } from '../domain/ids.ts';
import type { Outcome } from '../domain/message.ts';
import { ANNALS } from '../domain/person.ts';
import type { Principal } from '../domain/principal.ts';
import { runStream, runs } from '../domain/run/index.ts';
import type { CommandValue, Repair } from './command.ts';
import { stopRun } from './run.ts';

/** Annals itself, acting for a person. */
export const annals = (onBehalfOf: PersonId): Principal => ({ id: ANNALS, kind: 'service', roles: [], onBehalfOf });

/** Whoever notices the end of a run settles it with the same command. */
export const settleCommandId = (runId: string): string => v5(`settle ${runId}`, v5.URL);

/** How long a streaming answer may take to write its end after a stop. */
const STOP_MS = 10_000;

/**
 * The run that holds up a conversation: one that has ended is settled; one that has not is stopped if the caller said so, and waited for.
 * Answers whether the command may be decided again. `settle` makes the command that settles a run.
 */
export async function settleActiveRun(
  { tell, load, principal, input, error }: Repair<{ conversationId: ConversationId; onActive?: 'refuse' | 'stop' }>,
  settle: (input: { conversationId: ConversationId; runId: RunId; outcome: Outcome }) => CommandValue<unknown>,
): Promise<boolean> {
  const { conversationId } = input;
  const runId = error.details?.runId as RunId;
  const messageId = (await load(conversationStream(conversationId), conversations)).runs.get(runId)?.messageId as MessageId;
  let run = await load(runStream(runId), runs);
  if (run.status !== 'ended') {
    if (input.onActive !== 'stop') return false;
    const stopped = await tell(principal, stopRun({ conversationId, runId, messageId }));
    if (!stopped.ok) return false;
    for (let waited = 0; run.status !== 'ended' && waited < STOP_MS; waited += 10) {
      run = await load(runStream(runId), runs);
      if (run.status !== 'ended') await sleep(10);
    }
    if (run.status !== 'ended') return false;
  }
  const settled = await tell(annals(principal.id), settle({ conversationId, runId, outcome: run.outcome ?? 'interrupted' }), {
    commandId: settleCommandId(runId),
  });
  return settled.ok;
}
