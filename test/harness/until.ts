import { setTimeout as sleep } from 'node:timers/promises';

/** On servers every look costs those that are waited for. */
const PAUSE_MS = process.env.ANNALS_TEST_DISK === 'servers' ? 25 : 1;

/** Waits until the condition holds; the test's own time limit ends it otherwise. */
export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await sleep(PAUSE_MS);
}
