import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLoader } from '../../src/adapters/event-store/loader.ts';
import { createSealer } from '../../src/adapters/key-vault/sealer.ts';
import { answerApproval } from '../../src/commands/run.ts';
import { isUnopened } from '../../src/domain/event.ts';
import type { Part, RunItem, ToolPart } from '../../src/domain/message.ts';
import { runStream } from '../../src/domain/run/index.ts';
import { createHub } from '../../src/projections/hub.ts';
import { runItems } from '../../src/projections/run-stream.ts';
import { type Asked, askFor, eventsOf, runOf, settled } from '../harness/chat.ts';
import { installations, withModel } from '../harness/installations.ts';
import { journaled, replayed, type Written } from '../harness/journal.ts';
import { type Disk, newDisk, person, textOf } from '../harness/memory-annals.ts';
import { called, said, saysThenHangs } from '../harness/played-model.ts';
import { until } from '../harness/until.ts';

const start = installations();
const ada = person('ada');
/** Long enough for an entry of its own. */
const long = (letter: string): string => `${letter.repeat(1100)} `;

interface Recorded {
  readonly disk: Disk;
  readonly journal: readonly Written[];
  readonly asked: Asked;
}

/** Thoughts, texts, a tool that is asked for, one that there is not, and a last text: two segments, three steps. */
async function pausedRun(): Promise<Recorded> {
  const { options } = withModel((_request, call) => {
    if (call === 1)
      return [
        { type: 'reasoning', text: long('r') },
        { type: 'text', text: long('a') },
        { type: 'text', text: 'b' },
        ...called({ id: 'card', name: 'postcard' }),
      ];
    if (call === 2) return [{ type: 'text', text: long('c') }, ...called({ id: 'ring', name: 'bell' })];
    return said(long('d'), long('e'), 'f');
  });
  const { disk, journal } = journaled(await newDisk());
  const { kernel } = await start({ ...options, disk });
  const asked = await askFor(kernel, ada, 'Hello');
  const { conversationId, runId, messageId } = asked;
  await until(async () => (await runOf(kernel, runId)).status === 'waiting');
  const [call] = [...(await runOf(kernel, runId)).calls.values()];
  await kernel.tell(ada, answerApproval({ conversationId, runId, messageId, approvalId: call?.approvalId ?? '', approved: true }));
  await settled(kernel, asked);
  return { disk, journal, asked };
}

/** A first step, then a crash before the second says anything, and a takeover that answers: two epochs in one segment. */
async function takenOverRun(): Promise<Recorded> {
  const first = withModel((request, call) =>
    call === 1 ? [{ type: 'text', text: long('a') }, ...called({ id: 'ring', name: 'bell' })] : saysThenHangs(request),
  );
  const { disk, journal } = journaled(await newDisk());
  const dead = await start({ ...first.options, disk });
  const asked = await askFor(dead.kernel, ada, 'Hello');
  await until(() => first.played.calls.length === 2);
  dead.crash();
  const { kernel } = await start({ ...withModel(() => said(long('b'), 'c')).options, disk });
  await settled(kernel, asked);
  return { disk, journal, asked };
}

/** What a reader gets who comes at one point of the journal, of whose live entries only some are there. */
async function read({ disk, journal, asked }: Recorded, { comesAt, lost }: { comesAt: number; lost: ReadonlySet<number> }): Promise<RunItem[]> {
  const { disk: again, play } = replayed(disk);
  const stop = new AbortController();
  const hub = createHub(again.store);
  const hearing = hub.run(stop.signal);
  const parts = { store: again.store, loader: createLoader(again.store), sealer: createSealer(again), liveLog: again.liveLog, hub };
  const items: RunItem[] = [];
  const follow = async (): Promise<void> => {
    for (let segment = 0; ; segment++) {
      for await (const item of runItems(parts, { ...asked, segment, allowed: async () => true, signal: stop.signal })) items.push(item);
      if (items.at(-1)?.type !== 'waiting') return;
    }
  };
  let following: Promise<void> | undefined;
  for (const [index, written] of journal.entries()) {
    if (index === comesAt) following = follow();
    if (!lost.has(index)) await play(written);
    await setImmediate();
  }
  await (following ?? follow());
  stop.abort();
  await hearing;
  return items;
}

const wholeText = async ({ disk, asked }: Recorded): Promise<string> => {
  const { open } = createSealer(disk);
  let text = '';
  for (const { id, type, data } of await eventsOf(disk, runStream(asked.runId))) {
    if (type !== 'StepCompleted' && type !== 'RunEnded') continue;
    const opened = await open(data.sealed as never, id);
    if (!isUnopened(opened)) for (const part of (opened as unknown as { parts: Part[] }).parts) if (part.type === 'text') text += part.text;
  }
  return text;
};

const stages: readonly string[] = ['input-available', 'approval-requested', 'approval-responded', 'output-available', 'output-error'];
const statesOf = (items: readonly RunItem[]): Record<string, ToolPart['state'][]> => {
  const states: Record<string, ToolPart['state'][]> = {};
  for (const item of items) if (item.type === 'tool') states[item.part.toolCallId] = [...(states[item.part.toolCallId] ?? []), item.part.state];
  return states;
};

describe.each([
  ['with a pause', pausedRun, { card: 'output-available', ring: 'output-error' }],
  ['taken over between two calls', takenOverRun, { ring: 'output-error' }],
])('a run %s', (_name, make, ends) => {
  test('reads the same whenever its reader comes and whatever the live log has lost', async () => {
    const recorded = await make();
    const text = await wholeText(recorded);
    const live = recorded.journal.flatMap(({ kind }, index) => (kind === 'live' ? [index] : []));
    expect(live.length).toBeGreaterThan(3);
    const begun =
      recorded.journal.findIndex((written) => written.kind === 'events' && written.events.some(({ type }) => type === 'ReplyRequested')) + 1;
    const cuts = fc.record({ comesAt: fc.integer({ min: begun, max: recorded.journal.length }), lost: fc.subarray(live) });
    const law = async ({ comesAt, lost }: { comesAt: number; lost: number[] }): Promise<void> => {
      const items = await read(recorded, { comesAt, lost: new Set(lost) });
      expect(textOf(items)).toBe(text);
      expect(items.filter(({ type }) => type === 'start').length).toBeLessThanOrEqual(2);
      expect(items.filter(({ type }) => type === 'finish')).toEqual([expect.objectContaining({ outcome: 'completed', usage: expect.anything() })]);
      const states = statesOf(items);
      for (const [call, end] of Object.entries(ends)) {
        expect(states[call]?.at(-1)).toBe(end);
        const progress = (states[call] ?? []).map((state) => stages.indexOf(state));
        expect(progress).toEqual([...new Set(progress)].sort((one, other) => one - other));
      }
    };
    for (let comesAt = begun; comesAt <= recorded.journal.length; comesAt++) {
      await law({ comesAt, lost: [] });
      await law({ comesAt, lost: live });
    }
    for (const at of live) await law({ comesAt: begun, lost: live.filter((index) => index >= at) });
    await fc.assert(fc.asyncProperty(cuts, law), { numRuns: 60 });
  });
});
