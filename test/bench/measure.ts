import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One line of the page: what was measured, beside what, and whether the aim is met. */
export interface Row {
  readonly what: string;
  readonly figure: string;
  /** The bare thing, measured in the same rounds. */
  readonly beside?: string;
  readonly ratio?: number;
  readonly aim: string;
  readonly met: boolean;
}

export interface BenchOptions {
  /** Small sizes, few rounds: shows that everything runs, and no more. */
  readonly quick: boolean;
  /** Says what is going on. */
  readonly say: (message: string) => void;
}

/** A measure of its own: its rows stand together on the page. */
export interface Bench {
  readonly title: string;
  readonly run: (options: BenchOptions) => Promise<readonly Row[]>;
}

/** The value below which a part of the sample lies, by the nearest rank. */
export function quantile(sample: readonly number[], part: number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}
export const median = (sample: readonly number[]): number => quantile(sample, 0.5);

export const perSecond = (count: number, ms: number): number => (count / ms) * 1000;

/** How long the work took, in ms, with what it gave. */
export async function timed<Result>(work: () => Result | Promise<Result>): Promise<{ readonly ms: number; readonly result: Result }> {
  const start = performance.now();
  const result = await work();
  return { ms: performance.now() - start, result };
}

/** Rounds of several contenders, each in turn in every round, so that whatever else the machine does hits all of them. The order alternates. */
export async function interleaved<Name extends string, Result>(
  rounds: number,
  contenders: Readonly<Record<Name, (round: number) => Promise<Result>>>,
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(contenders) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<Name, Result[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) results[name].push(await contenders[name](round));
  }
  return results;
}

/** The median of the ratios of the rounds, which is steadier than the ratio of medians where the machine's load changes. */
export const ratioOf = (figures: readonly number[], beside: readonly number[]): number =>
  median(figures.map((figure, round) => figure / (beside[round] ?? Number.NaN)));

/** A folder of its own on a real disk, removed afterwards. `ANNALS_BENCH_FOLDER` names another place than the system's for temporary files. */
export async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const place = process.env['ANNALS_BENCH_FOLDER'] ?? tmpdir();
  mkdirSync(place, { recursive: true });
  const folder = mkdtempSync(join(place, 'annals-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
export const count = (value: number): string => whole.format(value);
export const rate = (value: number): string => `${whole.format(value)}/s`;
export const ms = (value: number): string => `${value < 100 ? fine.format(value) : whole.format(value)} ms`;
