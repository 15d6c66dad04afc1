import { parseArgs } from 'node:util';
import { readTokens } from './read.ts';
import { openTokens, type Total } from './tokens.ts';

const { values } = parseArgs({
  options: {
    brokers: { type: 'string', default: process.env.KAFKA_BROKERS ?? '127.0.0.1:9092' },
    prefix: { type: 'string', default: 'annals.' },
    data: { type: 'string', default: 'analytics.db' },
    once: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const line = (day: string, model: string, ...figures: readonly unknown[]): string =>
  [day.padEnd(10), model.padEnd(32), ...figures.map((figure) => String(figure).padStart(12))].join('  ');
const table = (totals: readonly Total[]): string =>
  [
    line('day', 'model', 'calls', 'input', 'output'),
    ...totals.map(({ day, model, calls, inputTokens, outputTokens }) => line(day, model, calls, inputTokens, outputTokens)),
  ].join('\n');

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());

const tokens = openTokens(values.data);
const print = (): void => {
  const totals = tokens.totals();
  process.stdout.write(`${values.json ? JSON.stringify(totals) : table(totals)}\n`);
};
let soon: NodeJS.Timeout | undefined;
const changed = (): void => {
  if (values.once) return;
  soon ??= setTimeout(() => {
    soon = undefined;
    print();
  }, 500);
};

await readTokens({ brokers: values.brokers.split(','), prefix: values.prefix, once: values.once, tokens, changed, signal: stop.signal });
clearTimeout(soon);
print();
tokens.close();
