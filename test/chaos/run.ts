import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { chaos } from './chaos.ts';

const { values, positionals } = parseArgs({
  options: { kills: { type: 'string', default: '50' }, seed: { type: 'string' } },
  allowPositionals: true,
});
const [shape = 'embedded'] = positionals;
if (!['embedded', 'distributed', 'erasure'].includes(shape) || positionals.length > 1)
  throw new Error(`usage: npm run chaos -- [distributed | erasure] [--kills N] [--seed S]`);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const count = Number(values.kills);
/** All servers and processes of the distributed shape share this machine with the clients. */
const clients = shape === 'distributed' ? { writers: 4, chats: 8 } : { writers: 8, chats: 20 };
const load = { ...clients, seed, say: (line: string) => void process.stdout.write(`${line}\n`) };
const machine = (): string =>
  loadavg()
    .map((each) => each.toFixed(1))
    .join(' ');

const what = shape === 'erasure' ? `kills of a process that erases a person` : '';
process.stdout.write(
  what !== ''
    ? `chaos: ${count} ${what}, seed ${seed}, load of the machine ${machine()}\n`
    : `chaos: ${shape}, ${clients.writers} writers, ${clients.chats} streaming chats, ${count} faults, seed ${seed}, load of the machine ${machine()}\n`,
);
const {
  broken: promises,
  late,
  ...figures
} = shape === 'erasure'
  ? { late: [], ...(await (await import('./erasure.ts')).erasureChaos({ kills: count, seed, threads: 12, say: load.say })) }
  : shape === 'distributed'
    ? await (await import('./distributed.ts')).distributedChaos({ ...load, faults: count, calm: [400, 2500], hold: [500, 12_000] })
    : { late: [], ...(await chaos({ ...load, kills: count, life: [400, 2500] })) };
const broken = [...promises, ...late];
process.stdout.write(`${JSON.stringify(figures, null, 2)}\nload of the machine ${machine()}\n`);
for (const line of broken) process.stdout.write(`BROKEN: ${line}\n`);
process.stdout.write(broken.length === 0 ? 'chaos: every promise was kept\n' : `chaos: ${broken.length} promises were broken (seed ${seed})\n`);
process.exitCode = broken.length === 0 ? 0 : 1;
