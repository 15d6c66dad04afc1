import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { START } from '../../src/adapters/event-store/port.ts';
import { openSqliteEventStore } from '../../src/adapters/event-store/sqlite.ts';
import { verifyEvents } from '../../src/adapters/event-store/verify.ts';
import { type ServerProcess, startServerProcess } from '../harness/server-process.ts';
import { createClient, type Sent } from './client.ts';

export interface ChaosOptions {
  readonly kills: number;
  readonly writers: number;
  readonly chats: number;
  readonly seed: number;
  /** The server lives between these, in ms, before it is killed. */
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

/**
 * Writers and streaming chats on a real server that is killed (SIGKILL) again and again; in the end every promise is checked against the log on disk.
 */
export async function chaos({ kills, writers, chats, seed, life, say = () => undefined }: ChaosOptions): Promise<ChaosReport> {
  const folder = mkdtempSync(join(tmpdir(), 'annals-chaos-'));
  const random = seeded(seed);
  const over = new AbortController();
  let server: ServerProcess = await startServerProcess(folder);
  const client = createClient(() => server.url, over.signal);
  const work = [
    ...Array.from({ length: writers }, (_, index) => client.write(`writer-${seed}-${index}`)),
    ...Array.from({ length: chats }, (_, index) => client.chat(`chat-${seed}-${index}`)),
  ];
  const broken: string[] = [];
  try {
    for (let kill = 1; kill <= kills; kill++) {
      await sleep(life[0] + random() * (life[1] - life[0]));
      await server.kill('SIGKILL');
      const before = performance.now();
      server = await startServerProcess(folder);
      say(`kill ${kill} of ${kills}: back after ${Math.round(performance.now() - before)} ms, ${client.sent.length} acknowledged`);
    }
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

async function unequalViews(url: string): Promise<string[]> {
  const { views } = (await (await fetch(`${url}/api/views`)).json()) as { views: { view: string; state: string }[] };
  const broken: string[] = [];
  for (const { view, state } of views) {
    if (state !== 'live') broken.push(`the view ${view} is ${state}`);
    const lines = (await (await fetch(`${url}/api/views/${view}/rebuild`, { method: 'POST' })).text()).trim().split('\n');
    const result = JSON.parse(lines.at(-1) ?? '{}') as { equal?: boolean };
    if (result.equal !== true) broken.push(`the view ${view} is not equal to its rebuild: ${lines.at(-1)}`);
  }
  return broken;
}

async function checkLog(folder: string, sent: readonly Sent[]): Promise<{ runs: number; outcomes: Record<string, number>; broken: string[] }> {
  const broken: string[] = [];
  const { problems } = await verifyEvents(folder);
  broken.push(...problems.map(({ what, stream }) => `verify: ${stream} ${what}`));
  const store = await openSqliteEventStore({ folder, readOnly: true });
  const stop = new AbortController();
  const messages = new Map<string, number>();
  const ends = new Map<string, string[]>();
  const requested = new Set<string>();
  const calls = new Map<string, number>();
  const settledRuns = new Set<string>();
  for await (const { events, caughtUp } of store.tail(START, { signal: stop.signal })) {
    for (const { type, data, metadata } of events) {
      const { messageId, runId, outcome } = data as { messageId: string; runId: string; outcome: string };
      if (type === 'MessageSent') messages.set(messageId, (messages.get(messageId) ?? 0) + 1);
      if (type === 'MessageSent') calls.set(metadata.commandId, (calls.get(metadata.commandId) ?? 0) + 1);
      if (type === 'ReplyRequested') requested.add(runId);
      if (type === 'ReplySettled') settledRuns.add(runId);
      if (type === 'RunEnded') ends.set(runId, [...(ends.get(runId) ?? []), outcome]);
    }
    if (caughtUp) break;
  }
  stop.abort();
  await store.close();
  for (const { messageId, what } of sent)
    if (messages.get(messageId) !== 1)
      broken.push(`${what} was acknowledged as ${messageId}, which is in the log ${messages.get(messageId) ?? 0} times`);
  for (const [commandId, count] of calls) if (count !== 1) broken.push(`the command ${commandId} wrote ${count} messages`);
  const outcomes: Record<string, number> = {};
  for (const runId of requested) {
    const ended = ends.get(runId) ?? [];
    if (ended.length !== 1) broken.push(`${runId} has ${ended.length} terminal events`);
    if (!settledRuns.has(runId)) broken.push(`${runId} was never settled in its thread`);
    for (const outcome of ended) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return { runs: requested.size, outcomes, broken };
}

/** Mulberry32: the same seed gives the same kills. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
