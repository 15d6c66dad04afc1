import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSqliteEventStore } from '../../src/adapters/event-store/sqlite.ts';
import { verifyEvents } from '../../src/adapters/event-store/verify.ts';
import { type ServerProcess, startServerProcess } from '../harness/server-process.ts';
import { until } from '../harness/until.ts';
import { checkEvents, type LogCheck, unequalViews } from './checks.ts';
import { createClient, type Sent } from './client.ts';
import { seeded } from './seeded.ts';

export interface ChaosOptions {
  readonly kills: number;
  readonly writers: number;
  readonly chats: number;
  readonly seed: number;
  /** The server lives between these, in ms, before it is killed, counted from when it has acknowledged something. */
  readonly life: readonly [number, number];
  readonly say?: (line: string) => void;
}

export interface ChaosReport {
  readonly kills: number;
  readonly acknowledged: number;
  readonly runs: number;
  readonly resumed: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Every promise that was broken, in words. Empty is green. */
  readonly broken: readonly string[];
}

/** A life in which the server did nothing shows nothing. */
const AT_LEAST = 5;

/**
 * Writers and streaming chats on a real server that is killed (SIGKILL) again and again; in the end every promise is checked against the log on disk.
 */
export async function chaos({ kills, writers, chats, seed, life, say = () => undefined }: ChaosOptions): Promise<ChaosReport> {
  const folder = mkdtempSync(join(tmpdir(), 'annals-chaos-'));
  const random = seeded(seed);
  const over = new AbortController();
  let server: ServerProcess = await startServerProcess(folder);
  const client = createClient({ url: () => server.url, over: over.signal });
  const work = [
    ...Array.from({ length: writers }, (_, index) => client.write(`writer-${seed}-${index}`)),
    ...Array.from({ length: chats }, (_, index) => client.chat(`chat-${seed}-${index}`)),
  ];
  const broken: string[] = [];
  const acknowledging = (): Promise<void> => {
    const before = client.sent.length;
    return until(() => client.sent.length >= before + AT_LEAST);
  };
  try {
    for (let kill = 1; kill <= kills; kill++) {
      await acknowledging();
      await sleep(life[0] + random() * (life[1] - life[0]));
      await server.kill('SIGKILL');
      const before = performance.now();
      server = await startServerProcess(folder);
      say(`kill ${kill} of ${kills}: back after ${Math.round(performance.now() - before)} ms, ${client.sent.length} acknowledged`);
    }
    await acknowledging();
    await sleep(life[0]);
    over.abort();
    await Promise.all(work);
    await settled(server.url);
    broken.push(...client.broken, ...(await unequalViews(server.url)));
    const code = await server.kill('SIGTERM');
    if (code !== 0) broken.push(`the server ended with ${code} after SIGTERM: ${server.output().slice(-2000)}`);
    const log = await checkLog(folder, client.sent);
    return {
      kills,
      acknowledged: client.sent.length,
      runs: log.runs,
      resumed: client.resumed(),
      outcomes: log.outcomes,
      broken: [...broken, ...log.broken],
    };
  } finally {
    over.abort();
    await server.kill('SIGKILL');
    await Promise.allSettled(work);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until no run is open any more. */
async function settled(url: string): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    const { open } = (await (await fetch(`${url}/health/ready`)).json()) as { open?: number };
    quiet = open === undefined || open === 0 ? quiet + 1 : 0;
    await sleep(200);
  }
}

async function checkLog(folder: string, sent: readonly Sent[]): Promise<LogCheck> {
  const { problems } = await verifyEvents(folder);
  const store = await openSqliteEventStore({ folder, readOnly: true });
  const checked = await checkEvents(store, sent).finally(() => store.close());
  return { ...checked, broken: [...problems.map(({ what, stream }) => `verify: ${stream} ${what}`), ...checked.broken] };
}
