import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { takeOwnerLock } from '../../../src/adapters/event-store/owner-lock.ts';
import { temporaryFolder } from './damage.ts';

async function lockInProcess(folder: string) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./hold-lock.ts', import.meta.url)), folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(kill);
  const [said] = await once(child.stdout, 'data');
  return { said: String(said).trim(), kill };
}

test('a folder has one owner, across processes, and a killed one has let go', async () => {
  const folder = temporaryFolder();
  const other = await lockInProcess(folder);
  expect(other.said).toBe('held');
  expect(takeOwnerLock(folder)).toEqual({ ok: false, code: 'Locked', message: expect.stringContaining(join(folder, 'lock.db')) });
  await other.kill();
  const own = takeOwnerLock(folder);
  expect(own.ok).toBe(true);
  expect((await lockInProcess(folder)).said).toBe('refused');
  if (own.ok) own.release();
  expect((await lockInProcess(folder)).said).toBe('held');
});

test('within one process, too, a second owner is refused until the first has released', () => {
  const folder = join(temporaryFolder(), 'made', 'on', 'the', 'way');
  const first = takeOwnerLock(folder);
  expect(takeOwnerLock(folder)).toMatchObject({ ok: false, code: 'Locked' });
  if (first.ok) first.release();
  const second = takeOwnerLock(folder);
  expect(second.ok).toBe(true);
  if (second.ok) second.release();
});

test('what cannot hold a lock is refused with a sentence, not with an exception', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  expect(takeOwnerLock(join(folder, 'file'))).toMatchObject({ ok: false, code: 'Unavailable' });
  writeFileSync(join(folder, 'lock.db'), 'This is no database, whatever its name may say. '.repeat(100));
  expect(takeOwnerLock(folder)).toMatchObject({ ok: false, code: 'Unavailable', message: expect.stringContaining('lock.db is damaged') });
});
