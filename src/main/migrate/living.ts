import { setTimeout as sleep } from 'node:timers/promises';
import { NOBODY } from '../../adapters/leases/lease.ts';
import type { LeaseRow, Leases } from '../../adapters/leases/port.ts';
import { createSightings } from '../../adapters/leases/sightings.ts';

/** As long as processes live without a sign of life, and a little more. */
const SILENT_MS = 6000;
const LOOK_EVERY_MS = 200;

/** Who shares the work there and gives signs of life; a process that died without a word is watched for six seconds. */
export async function livingProcesses(leases: Leases, onWait: () => void): Promise<readonly string[]> {
  const sightings = createSightings(() => performance.now());
  const first = await presentAt(leases);
  const watched = new Map(first.map((row) => [row.name, row.renewals]));
  if (first.length > 0) onWait();
  for (let rows = first; rows.length > 0; rows = await presentAt(leases)) {
    const living = rows.filter(({ name, renewals }) => watched.get(name) !== renewals);
    if (living.length > 0) return living.map(({ holder }) => holder);
    if (rows.every((row) => sightings.note(row.name, row) >= SILENT_MS)) break;
    await sleep(LOOK_EVERY_MS);
  }
  return [];
}

const presentAt = async (leases: Leases): Promise<LeaseRow[]> => (await leases.list('worker/')).filter(({ holder }) => holder !== NOBODY);
