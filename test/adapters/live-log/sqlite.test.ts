import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveEntry } from '../../../src/adapters/live-log/port.ts';
import { openSqliteLiveLog } from '../../../src/adapters/live-log/sqlite.ts';

const entry = (sequence: number): LiveEntry => ({ run: 'run_1', segment: 0, epoch: 1, sequence, sealed: { k: 'key_1', a: `${sequence}`, c: '' } });

describe('the live log in a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'annals-live-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('keeps every entry that it promised when its process is killed', async () => {
    const program = fileURLToPath(new URL('./append-entries.ts', import.meta.url));
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const promised: number[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      if (promised.push(Number(line)) === 200) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    const log = await openSqliteLiveLog({ folder });
    const kept = (await log.read('run_1')).map(({ sequence }) => sequence);
    await log.close();
    expect(promised.length).toBeGreaterThanOrEqual(200);
    expect(kept.slice(0, promised.length)).toEqual(promised);
  });

  it('stores what is still waiting when it is closed', async () => {
    const log = await openSqliteLiveLog({ folder });
    const appended = log.append(entry(0));
    await log.close();
    await appended;
    await log.close();
    const again = await openSqliteLiveLog({ folder });
    expect(await again.read('run_1')).toEqual([entry(0)]);
    await again.close();
  });

  it.each([
    ['is no database', () => Buffer.from('not a database at all'.repeat(500))],
    ['has damaged pages', (bytes: Buffer) => bytes.fill(0xa5, 4_096)],
    ['is cut short', (bytes: Buffer) => bytes.subarray(0, 4_096 + 100)],
  ])('begins anew, and says so, when its file %s', async (_what, damage) => {
    const log = await openSqliteLiveLog({ folder });
    await Promise.all(Array.from({ length: 500 }, (_, sequence) => log.append(entry(sequence))));
    await log.close();
    const file = join(folder, 'live.db');
    writeFileSync(file, damage(readFileSync(file)));
    const reasons: string[] = [];
    const again = await openSqliteLiveLog({ folder, onDamage: (reason) => reasons.push(reason) });
    expect(reasons).toHaveLength(1);
    expect(await again.read('run_1')).toEqual([]);
    await again.append(entry(7));
    expect(await again.read('run_1')).toEqual([entry(7)]);
    await again.close();
  });

  it('says nothing of damage when there is none', async () => {
    const reasons: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const log = await openSqliteLiveLog({ folder, onDamage: (reason) => reasons.push(reason) });
      await log.append(entry(round));
      await log.close();
    }
    expect(reasons).toEqual([]);
  });
});
