import { openSqliteLiveLog } from '../../../src/adapters/live-log/sqlite.ts';

// Appends until it is killed, and writes down each place that was promised.
const [folder = ''] = process.argv.slice(2);
const log = await openSqliteLiveLog({ folder });
for (let sequence = 0; ; sequence += 1) {
  await log.append({ run: 'run_1', segment: 0, epoch: 1, sequence, sealed: { k: 'key_1', a: `${sequence}`, c: '' } });
  process.stdout.write(`${sequence}\n`);
}
