import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { START } from '../../../src/adapters/event-store/port.ts';
import { verifyEvents } from '../../../src/adapters/event-store/verify.ts';
import { tailUntil } from '../../contract/event-store-samples.ts';
import { openStore, temporaryFolder } from './damage.ts';

/** Lets a process append until it has acknowledged so many, kills it, and answers all that it acknowledged. */
async function killAfter(folder: string, round: number, acknowledgements: number): Promise<string[]> {
  const script = fileURLToPath(new URL('./append-until-killed.ts', import.meta.url));
  const child = spawn(process.execPath, [script, folder, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines: string[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.split(' ')[3]?.length === 36) lines.push(line);
      if (lines.length === acknowledgements) child.kill('SIGKILL');
    }
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  return lines;
}

test('what a killed process had acknowledged is stored, in its place, and the log is whole', async () => {
  const folder = temporaryFolder();
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    acknowledged.push(...(await killAfter(folder, round, 20 + Math.floor(Math.random() * 400))));
    expect((await verifyEvents(folder)).problems).toEqual([]);
  }
  const store = await openStore({ folder });
  const batches = await tailUntil(store, START, (sofar) => sofar.at(-1)?.caughtUp === true);
  const stored = new Set(
    batches.flatMap(({ events }) => events).map(({ stream, revision, position, id }) => `${stream} ${revision} ${position} ${id}`),
  );
  expect(acknowledged.length).toBeGreaterThan(60);
  expect(acknowledged.filter((line) => !stored.has(line))).toEqual([]);
  expect(Number(await store.head())).toBe(stored.size);
}, 60_000);
