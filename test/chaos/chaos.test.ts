import { expect, onTestFailed, test } from 'vitest';
import { chaos } from './chaos.ts';
import { erasureChaos } from './erasure.ts';

/** Keeps what is said of the way, for a failure. */
function listen(seed: number): (line: string) => void {
  const said: string[] = [];
  onTestFailed(() => void process.stderr.write(`seed ${seed}:\n${said.join('\n')}\n`));
  return (line) => void said.push(line);
}

test('five kills under writers and streaming chats lose nothing, double nothing, and leave every answer with one end', {
  timeout: 180_000,
}, async () => {
  const seed = Date.now() % 1_000_000;
  const { broken, acknowledged, runs } = await chaos({ kills: 5, writers: 8, chats: 20, seed, life: [300, 1200], say: listen(seed) });
  expect(broken, `seed ${seed}`).toEqual([]);
  expect(acknowledged).toBeGreaterThan(20);
  expect(runs).toBeGreaterThan(10);
});

test('five kills of a process that erases a person leave nothing of it and all of the neighbour, and one end', { timeout: 400_000 }, async () => {
  const seed = Date.now() % 1_000_000;
  const { broken, during, before, after } = await erasureChaos({ kills: 5, threads: 2, seed, say: listen(seed) });
  expect(broken, `seed ${seed}`).toEqual([]);
  expect(before + during + after).toBe(5);
});
