import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { startAnnalsServer } from './annals-server.ts';
import { type Bench, type BenchOptions, inFolder, median, ms, timed } from './measure.ts';
import { writeSampleLog } from './sample-log.ts';

const shown = (what: 'rss' | 'cputimes', pid: number | undefined): number =>
  Number(execFileSync('ps', ['-o', `${what}=`, '-p', String(pid)]).toString());
const residentMiB = (pid: number | undefined): number => shown('rss', pid) / 1024;

/** Waits until the process does nothing: its reactions have read a log that another program wrote. */
async function idle(pid: number | undefined): Promise<void> {
  for (let before = -1, now = shown('cputimes', pid); now > before; now = shown('cputimes', pid)) {
    before = now;
    await sleep(5000);
  }
}

/** Starts the server for the first time on this log and lets it build its views. */
async function buildViews(folder: string, { say }: BenchOptions): Promise<number> {
  const { ms: took, result: server } = await timed(async () => {
    const started = await startAnnalsServer(folder);
    const ready = async (): Promise<number> => (await fetch(`${started.url}/health/ready`)).status;
    let status = await ready();
    while (status === 503) {
      await sleep(200);
      status = await ready();
    }
    if (status !== 200) throw new Error(`The server answers ${status} when asked whether it is ready.`);
    return started;
  });
  await idle(server.process.pid);
  await server.kill('SIGTERM');
  say(`the views were built in ${Math.round(took / 1000)} s`);
  return took;
}

export const start: Bench = {
  title: 'Starting',
  async run(options) {
    const events = options.quick ? 20_000 : 1_000_000;
    return inFolder(async (folder) => {
      await (await startAnnalsServer(folder)).kill('SIGTERM');
      writeSampleLog(folder, events);
      const built = await buildViews(folder, options);
      const starts: number[] = [];
      const memory: number[] = [];
      for (let round = 0; round < (options.quick ? 1 : 3); round += 1) {
        const { ms: took, result: server } = await timed(() => startAnnalsServer(folder));
        starts.push(took);
        await sleep(options.quick ? 500 : 5000);
        memory.push(residentMiB(server.process.pid));
        await server.kill('SIGTERM');
      }
      return [
        {
          what: `from the start of the process to ready, with ${events.toLocaleString('en')} events and their views`,
          figure: ms(median(starts)),
          aim: '≤ 1,500 ms',
          met: median(starts) <= 1500,
        },
        {
          what: 'its memory, idle, five seconds later (RSS)',
          figure: `${Math.round(median(memory))} MiB`,
          aim: '≤ 200 MiB',
          met: median(memory) <= 200,
        },
        { what: 'the first start on that log, which builds all views', figure: ms(built), aim: '–', met: true },
      ];
    });
  },
};
