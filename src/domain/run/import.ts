import { at, outcomeOf } from '../conversation/import.ts';
import type { NewEvent } from '../event.ts';
import type { ExportedMessage } from '../export/format.ts';
import * as happened from './events.ts';

/** A run that was elsewhere, from its start to its end: with all of its text in the end. */
export function importedRun({ id: messageId, conversationId, parts, run, updatedAt }: ExportedMessage, now: string): NewEvent[] {
  if (!run) return [];
  const { id: runId, status, model, calls, usage, finishReason, error, requestedAt, startedAt, endedAt } = run;
  const of = { conversationId, runId, messageId };
  const named = model ?? 'unknown';
  const began = startedAt ?? requestedAt;
  const started = startedAt === null ? [] : [happened.RunStarted({ ...of, model: named })];
  const called = Array.from({ length: calls }, (_, index) => happened.ModelCallStarted({ ...of, epoch: 1, step: index, attempt: 1, model: named }));
  const ended = happened.RunEnded({
    ...of,
    outcome: outcomeOf(status),
    finishReason: finishReason ?? 'other',
    model: model ?? undefined,
    usage: usage ?? undefined,
    error: error ?? undefined,
    parts,
  });
  return [...[...started, ...called].map((event) => at(event, began, now)), at(ended, endedAt ?? updatedAt, now)];
}
