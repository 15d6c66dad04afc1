import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { inFolder, median, ms, quantile } from './measure.ts';

/** How long the disk takes to make a page of 4 KiB durable, in ms. */
const syncTimes = (): Promise<readonly number[]> =>
  inFolder(async (folder) => {
    const file = openSync(join(folder, 'sync'), 'w');
    const page = Buffer.alloc(4096, 1);
    const times = Array.from({ length: 200 }, () => {
      const start = performance.now();
      writeSync(file, page);
      fdatasyncSync(file);
      return performance.now() - start;
    });
    closeSync(file);
    return times;
  });

export const loadAverage = (): string => loadavg()[0]?.toFixed(1) ?? '';
export const today = (): string => `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`;

function sqliteVersion(): string {
  const database = new DatabaseSync(':memory:');
  const version = String(database.prepare('SELECT sqlite_version() AS version').get()?.version);
  database.close();
  return version;
}

/** The machine, as lines of the page. */
export async function describeMachine(): Promise<readonly string[]> {
  const sync = await syncTimes();
  const [cpu] = cpus();
  return [
    `- ${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 1024 ** 3)} GiB, ${type()} ${release()}`,
    `- disk: write of 4 KiB and \`fdatasync\` ${ms(median(sync))} (p50), ${ms(quantile(sync, 0.99))} (p99)`,
    `- Node ${process.versions.node}, SQLite ${sqliteVersion()}, V8 ${process.versions.v8}`,
    `- measured ${today()}`,
  ];
}
