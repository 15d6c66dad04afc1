import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const GRACE_MS = 1000;
const LOOK_EVERY_MS = 20;
const PAGE_BYTES = 4096;

/** Whether any process of the group is left. */
export function isGroupAlive(leader: number): boolean {
  try {
    process.kill(-leader, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // Nobody is left.
  }
}

/** Asks the whole group to end, then ends it: a server that a script has started would outlive the script. Resolves when none of it is left. */
export async function endGroup(leader: number, graceMs = GRACE_MS): Promise<void> {
  signalGroup(leader, 'SIGTERM');
  for (let waited = 0; waited < graceMs && isGroupAlive(leader); waited += LOOK_EVERY_MS) await sleep(LOOK_EVERY_MS);
  if (!isGroupAlive(leader)) return;
  signalGroup(leader, 'SIGKILL');
  for (let waited = 0; waited < graceMs && isGroupAlive(leader); waited += LOOK_EVERY_MS) await sleep(LOOK_EVERY_MS);
}

/** Bytes in memory of all processes of the group, where the system tells (Linux). */
export function groupMemory(leader: number): number | undefined {
  try {
    let pages = 0;
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const fields = readStat(pid);
      if (fields?.group === leader) pages += fields.pages;
    }
    return pages * PAGE_BYTES;
  } catch {
    return undefined;
  }
}

/** Of `/proc/<pid>/stat` (proc(5)): what stands after the name in brackets, which may have anything in it. */
function readStat(pid: string): { group: number; pages: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { group: Number(fields[2]), pages: Number(fields[21]) };
  } catch {
    return undefined;
  }
}
