import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import type { LiveLog } from '../../adapters/live-log/port.ts';
import { isUnopened } from '../../domain/event.ts';
import type { RunId } from '../../domain/ids.ts';
import type { Part, RunItem } from '../../domain/message.ts';

/** What the live log holds of the step a dead worker was at: the text its readers may have seen. */
export async function partialParts(
  { liveLog, sealer }: { liveLog: LiveLog; sealer: Sealer },
  runId: RunId,
  segment: number,
  step: number,
): Promise<Part[]> {
  const parts: Part[] = [];
  let at = -1;
  let lastId = '';
  for (const entry of await liveLog.read(runId, { segment, epoch: 0, sequence: -1 })) {
    if (entry.segment !== segment) continue;
    const opened = await sealer.open(entry.sealed);
    if (isUnopened(opened)) continue;
    for (const item of (opened as unknown as { items: RunItem[] }).items) {
      if (item.type === 'step-start') at = item.step;
      if (at !== step || (item.type !== 'text' && item.type !== 'reasoning')) continue;
      const last = parts.at(-1);
      if (last?.type === item.type && item.id === lastId) parts[parts.length - 1] = { type: item.type, text: last.text + item.delta };
      else parts.push({ type: item.type, text: item.delta });
      lastId = item.id;
    }
  }
  return parts;
}
