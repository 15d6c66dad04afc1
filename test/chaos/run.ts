import { parseArgs } from 'node:util';
import { chaos } from './chaos.ts';

const { values } = parseArgs({ options: { kills: { type: 'string', default: '50' }, seed: { type: 'string' } } });
const seed = Number(values.seed ?? Date.now() % 1_000_000);
process.stdout.write(`chaos: 8 writers, 20 streaming chats, ${values.kills} kills, seed ${seed}\n`);
const report = await chaos({
  kills: Number(values.kills),
  writers: 8,
  chats: 20,
  seed,
  life: [400, 2500],
  say: (line) => process.stdout.write(`${line}\n`),
});
const { broken, ...figures } = report;
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
for (const line of broken) process.stdout.write(`BROKEN: ${line}\n`);
process.stdout.write(broken.length === 0 ? 'chaos: every promise was kept\n' : `chaos: ${broken.length} promises were broken (seed ${seed})\n`);
process.exitCode = broken.length === 0 ? 0 : 1;
