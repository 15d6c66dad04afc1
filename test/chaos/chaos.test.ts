import { expect, test } from 'vitest';
import { chaos } from './chaos.ts';

test('five kills under writers and streaming chats lose nothing, double nothing, and leave every answer with one end', {
  timeout: 180_000,
}, async () => {
  const seed = Date.now() % 1_000_000;
  const { broken, acknowledged, runs } = await chaos({ kills: 5, writers: 8, chats: 20, seed, life: [300, 1200] });
  expect(broken, `seed ${seed}`).toEqual([]);
  expect(acknowledged).toBeGreaterThan(20);
  expect(runs).toBeGreaterThan(10);
});
