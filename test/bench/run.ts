import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { accounts } from './accounts.ts';
import { firstToken, streams } from './chat.ts';
import { distributed } from './distributed/index.ts';
import { append, replay } from './event-store.ts';
import { http } from './http.ts';
import { list } from './list.ts';
import { describeMachine, loadAverage, today } from './machine.ts';
import type { Bench } from './measure.ts';
import { tableOf, withBlock } from './page.ts';
import { projection } from './projection.ts';
import { start } from './start.ts';

const embedded: Readonly<Record<string, Bench>> = { append, replay, projection, http, 'first-token': firstToken, streams, start, list, accounts };
const benches: Readonly<Record<string, Bench>> = { ...embedded, ...distributed };
/** A name for several. */
const groups: Readonly<Record<string, readonly string[]>> = { distributed: Object.keys(distributed) };
const pageFile = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
const say = (message: string): void => void process.stdout.write(`${message}\n`);

/** `npm run bench -- [names] [--quick]`: those named, or all that need no servers; writes what it measured into docs/benchmarks.md, unless it was quick. */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean', default: false } } });
  const chosen = positionals.length === 0 ? Object.keys(embedded) : positionals.flatMap((name) => groups[name] ?? [name]);
  const unknown = chosen.filter((name) => !(name in benches));
  if (unknown.length > 0)
    throw new Error(`There is no benchmark ${unknown.join(', ')}. There are: ${[...Object.keys(benches), ...Object.keys(groups)].join(', ')}.`);
  const update = (name: string, lines: readonly string[]): void => {
    if (!values.quick) writeFileSync(pageFile, withBlock(readFileSync(pageFile, 'utf8'), name, lines));
  };
  const machine = await describeMachine();
  say(machine.join('\n'));
  update('machine', machine);
  let missed = 0;
  for (const [name, bench] of Object.entries(benches)) {
    if (!chosen.includes(name)) continue;
    say(`\n${bench.title} (${name})`);
    const before = loadAverage();
    const rows = await bench.run({ quick: values.quick, say: (message) => say(`  ${message}`) });
    for (const { what, figure, beside, ratio, aim, met } of rows) {
      const compared = `${beside === undefined ? '' : ` beside ${beside}`}${ratio === undefined ? '' : ` = ${ratio.toFixed(2)}×`}`;
      say(`  ${met ? '     ' : 'MISS '} ${figure}${compared}, aim ${aim}: ${what}`);
      if (!met) missed += 1;
    }
    update(name, tableOf(rows, `${today()}, load average ${before} before, ${loadAverage()} after.`));
  }
  say(missed === 0 ? '\nevery aim is met' : `\n${missed} ${missed === 1 ? 'aim is' : 'aims are'} missed`);
}

await main();
