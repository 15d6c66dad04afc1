import { progress } from '@clack/prompts';
import { verifyEvents } from '../adapters/event-store/verify.ts';
import type { Settings } from '../settings.ts';

/** Checks the whole log and says what is wrong with it; exits 1 when something is. Works beside a running server. */
export async function verify({ ANNALS_DATA: folder }: Settings): Promise<void> {
  const bar = process.stdout.isTTY ? progress({ style: 'heavy', max: 100 }) : undefined;
  bar?.start('Checking every event');
  let percent = 0;
  const { events, problems } = await verifyEvents(folder, {
    onProgress: (checked, total) => {
      const now = Math.floor((checked / Math.max(1, total)) * 100);
      bar?.advance(now - percent, `${checked} of ${total} events`);
      percent = now;
    },
  });
  bar?.stop(`${events} events checked`);
  if (problems.length === 0) {
    process.stdout.write(`verify: ${events} events, every leaf, revision and position is right\n`);
    return;
  }
  for (const { position, stream, revision, what } of problems)
    process.stdout.write(`verify: ${stream ? `event ${revision} of ${stream} at ${position}: ` : position > 0 ? `at ${position}: ` : ''}${what}\n`);
  process.stdout.write(`verify: ${problems.length} problems in ${events} events. Put the log back from its backup; do not go on writing to it.\n`);
  process.exitCode = 1;
}
