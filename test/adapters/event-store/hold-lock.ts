import { takeOwnerLock } from '../../../src/adapters/event-store/owner-lock.ts';

/** Takes the lock of the folder, tells how that went, and stays until it is killed. */
const { ok } = takeOwnerLock(process.argv[2] ?? '');
process.stdout.write(`${ok ? 'held' : 'refused'}\n`);
if (ok) process.stdin.resume();
