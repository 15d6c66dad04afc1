import { type EventStore, START } from '../../src/adapters/event-store/port.ts';
import type { RecordedEvent } from '../../src/domain/event.ts';
import type { Sent } from './client.ts';

/** Of one view, on a machine that has much else to do. */
const REBUILT_MS = 60_000;

/** Builds every view anew; answers, in words, what is not as it should be. */
export async function unequalViews(url: string): Promise<string[]> {
  const { views } = (await (await fetch(`${url}/api/views`, { signal: AbortSignal.timeout(REBUILT_MS) })).json()) as {
    views: { view: string; state: string }[];
  };
  const broken: string[] = [];
  for (const { view, state } of views) {
    if (state !== 'live') broken.push(`the view ${view} is ${state}`);
    const lines = (await (await fetch(`${url}/api/views/${view}/rebuild`, { method: 'POST', signal: AbortSignal.timeout(REBUILT_MS) })).text())
      .trim()
      .split('\n');
    const result = JSON.parse(lines.at(-1) ?? '{}') as { equal?: boolean };
    if (result.equal !== true) broken.push(`the view ${view} is not equal to its rebuild: ${lines.at(-1)}`);
  }
  return broken;
}

export interface LogCheck {
  readonly events: number;
  readonly runs: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly broken: readonly string[];
}

/** Reads the whole log: what was acknowledged stands in it once, no command twice, every stream without gaps, and every run has one end and is settled. */
export async function checkEvents(
  store: Pick<EventStore, 'tail'>,
  sent: readonly Sent[],
  each: (event: RecordedEvent) => void = () => undefined,
): Promise<LogCheck> {
  const broken: string[] = [];
  const stop = new AbortController();
  const revisions = new Map<string, bigint>();
  const messages = new Map<string, number>();
  const calls = new Map<string, number>();
  const ends = new Map<string, string[]>();
  const requested = new Set<string>();
  const settled = new Set<string>();
  let count = 0;
  for await (const { events, caughtUp } of store.tail(START, { signal: stop.signal })) {
    for (const event of events) {
      const { type, data, metadata, stream, revision } = event;
      const due = (revisions.get(stream) ?? -1n) + 1n;
      if (revision !== due) broken.push(`${stream} goes on with revision ${revision} instead of ${due}`);
      revisions.set(stream, revision);
      count++;
      const { messageId, runId, outcome } = data as { messageId: string; runId: string; outcome: string };
      if (type === 'MessageSent') messages.set(messageId, (messages.get(messageId) ?? 0) + 1);
      if (type === 'MessageSent') calls.set(metadata.commandId, (calls.get(metadata.commandId) ?? 0) + 1);
      if (type === 'ReplyRequested') requested.add(runId);
      if (type === 'ReplySettled') settled.add(runId);
      if (type === 'RunEnded') ends.set(runId, [...(ends.get(runId) ?? []), outcome]);
      each(event);
    }
    if (caughtUp) break;
  }
  stop.abort();
  for (const { messageId, what } of sent)
    if (messages.get(messageId) !== 1)
      broken.push(`${what} was acknowledged as ${messageId}, which is in the log ${messages.get(messageId) ?? 0} times`);
  for (const [commandId, times] of calls) if (times !== 1) broken.push(`the command ${commandId} wrote ${times} messages`);
  const outcomes: Record<string, number> = {};
  for (const runId of requested) {
    const ended = ends.get(runId) ?? [];
    if (ended.length !== 1) broken.push(`${runId} has ${ended.length} terminal events`);
    if (!settled.has(runId)) broken.push(`${runId} was never settled in its thread`);
    for (const outcome of ended) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return { events: count, runs: requested.size, outcomes, broken };
}
