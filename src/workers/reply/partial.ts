import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import type { LiveLog } from '../../adapters/live-log/port.ts';
import { isUnopened } from '../../domain/event.ts';
import type { RunId } from '../../domain/ids.ts';
import type { Part, RunItem } from '../../domain/message.ts';
import { livePlace } from '../../domain/run/items.ts';

export interface Partial {
  readonly parts: readonly Part[];
  /** Readers may have seen something of this step: a text, or the beginning of a tool call. */
  readonly shown: boolean;
}

/** What the live log holds of the step a dead worker was at. */
export async function readPartial(
  { liveLog, sealer }: { liveLog: LiveLog; sealer: Sealer },
  { runId, segment, epoch, step }: { runId: RunId; segment: number; epoch: number; step: number },
): Promise<Partial> {
  const parts: Part[] = [];
  let shown = false;
  let at = -1;
  let lastId = '';
  for (const entry of await liveLog.read(runId, { segment, epoch, sequence: -1 })) {
    if (entry.segment !== segment || entry.epoch !== epoch) continue;
    const opened = await sealer.open(entry.sealed, livePlace(entry));
    if (isUnopened(opened)) {
      shown = true;
      continue;
    }
    for (const item of (opened as unknown as { items: RunItem[] }).items) {
      if (item.type === 'step-start') at = item.step;
      if (at !== step || (item.type !== 'text' && item.type !== 'reasoning' && item.type !== 'tool-input')) continue;
      shown = true;
      if (item.type === 'tool-input') continue;
      const last = parts.at(-1);
      if (last?.type === item.type && item.id === lastId) parts[parts.length - 1] = { type: item.type, text: last.text + item.delta };
      else parts.push({ type: item.type, text: item.delta });
      lastId = item.id;
    }
  }
  return { parts, shown };
}
