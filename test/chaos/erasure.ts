import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { findTexts } from '../e2e/process/canaries.ts';
import { decryptAll } from '../erasure/decrypt-all.ts';
import { openHouse } from '../erasure/house.ts';
import { startOutside } from '../erasure/outside.ts';
import { type Inhabitant, settle } from '../erasure/world.ts';
import { type ServerProcess, startServerProcess } from '../harness/server-process.ts';
import { seeded } from './seeded.ts';

export interface ErasureChaos {
  readonly kills: number;
  readonly seed: number;
  readonly threads: number;
  readonly say?: (line: string) => void;
}

export interface ErasureFigures {
  readonly kills: number;
  /** Of the kills: before the account was closed, while the job was at work, after its end. */
  readonly before: number;
  readonly during: number;
  readonly after: number;
  /** From the restart to the end of the job, in ms. */
  readonly slowestMs: number;
  readonly canaries: number;
  readonly broken: readonly string[];
}

/** Kills a real process at a random moment of an erasure, starts it again, and looks at what came of it; each time on a copy of the same folder. */
export async function erasureChaos({ kills, seed, threads, say = () => undefined }: ErasureChaos): Promise<ErasureFigures> {
  const root = mkdtempSync(join(tmpdir(), 'annals-erasure-chaos-'));
  const around = await startOutside();
  const { environment } = around;
  const random = seeded(seed);
  const figures = { before: 0, during: 0, after: 0, slowestMs: 0 };
  const broken: string[] = [];
  try {
    const folder = join(root, 'filled');
    cpSync(mkdtempSync(join(root, 'new-')), folder, { recursive: true });
    const server = await startServerProcess(folder, environment);
    const house = await openHouse(server.url, around);
    const [ada, bob] = await Promise.all([settle(house, 'ada', threads), settle(house, 'bob', threads)]);
    await server.kill('SIGTERM');
    const stage = { environment, administrator: house.administrator, ada, bob };
    say('without a kill');
    const whole = await play(join(root, 'whole'), folder, stage, undefined);
    broken.push(...whole.broken.map((line) => `without a kill: ${line}`));
    for (let kill = 1; kill <= kills; kill++) {
      // At a random event of the erasure, and a moment later: so every part of it has its kills.
      const at = { event: Math.floor(random() * whole.events), laterMs: random() * 20 };
      say(`kill ${kill} at event ${at.event} of ${whole.events}`);
      const played = await play(join(root, `kill-${kill}`), folder, stage, at);
      figures[played.when]++;
      figures.slowestMs = Math.max(figures.slowestMs, Math.round(played.tookMs));
      broken.push(...played.broken.map((line) => `kill ${kill} at event ${at.event} of ${whole.events}: ${line}`));
      say(`  ${JSON.stringify(figures)}, broken ${broken.length}`);
    }
    return { kills, ...figures, canaries: ada.canaries.length, broken };
  } finally {
    await around.close();
    rmSync(root, { recursive: true, force: true });
  }
}

interface Stage {
  readonly environment: Readonly<Record<string, string>>;
  readonly administrator: string;
  readonly ada: Inhabitant;
  readonly bob: Inhabitant;
}

async function play(
  folder: string,
  from: string,
  { environment, administrator, ada, bob }: Stage,
  killAt: { readonly event: number; readonly laterMs: number } | undefined,
): Promise<{ when: 'before' | 'during' | 'after'; tookMs: number; events: number; broken: string[] }> {
  cpSync(from, folder, { recursive: true, filter: (source) => !source.includes('/lock.db') });
  let server = await startServerProcess(folder, environment);
  try {
    const before = countIn(folder);
    const began = performance.now();
    const asking = erase(server, ada);
    let when: 'before' | 'during' | 'after' = 'after';
    if (killAt !== undefined) {
      for (const over = performance.now() + LIMIT_MS; countIn(folder) < before + killAt.event && performance.now() < over; ) await sleep(2);
      await sleep(killAt.laterMs);
      await server.kill('SIGKILL');
      await asking;
      when = stateIn(folder);
      server = await startServerProcess(folder, environment);
    }
    const since = killAt === undefined ? began : performance.now();
    if (when === 'before') await erase(server, ada);
    else await asking;
    await ended(server, administrator);
    const tookMs = performance.now() - since;
    const said = server.output();
    await server.kill('SIGTERM');
    return { when, tookMs, events: countIn(folder) - before, broken: wrongIn(folder, said, ada, bob) };
  } finally {
    await server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Asks until it is taken, since a process that has just started may not be ready for it; resolves also when nobody answers any more. */
async function erase({ url }: ServerProcess, { token }: Inhabitant): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ confirm: 'delete my account' });
  for (; ; await sleep(25)) {
    const status = await fetch(`${url}/api/me/erase`, { method: 'POST', headers, body }).then(
      (response) => response.status,
      () => undefined,
    );
    if (status === undefined || status < 500) return;
  }
}

const LIMIT_MS = 60_000;
async function ended({ url, output }: ServerProcess, administrator: string): Promise<void> {
  const headers = { authorization: `Bearer ${administrator}` };
  for (const over = performance.now() + LIMIT_MS; ; await sleep(25)) {
    const response = await fetch(`${url}/api/jobs?of=everybody`, { headers });
    const { jobs = [] } = (await response.json()) as { jobs?: { kind: string; status: string }[] };
    if (jobs.some(({ kind }) => kind === 'erase') && jobs.every(({ status }) => status === 'succeeded')) return;
    if (performance.now() > over) throw new Error(`The erasure did not end within a minute: ${JSON.stringify(jobs)} ${output()}`);
  }
}

/** How far the erasure had come when its process died, as the log has it. */
function stateIn(folder: string): 'before' | 'during' | 'after' {
  const types = typesIn(folder);
  return types.includes('JobEnded') ? 'after' : types.includes('PersonErased') ? 'during' : 'before';
}

function countIn(folder: string): number {
  const database = new DatabaseSync(join(folder, 'events.db'), { readOnly: true });
  try {
    return Number(database.prepare('SELECT count(*) AS count FROM events').get()?.count);
  } finally {
    database.close();
  }
}

const ERASURES = `SELECT stream FROM events WHERE type = 'JobRequested' AND CAST(data AS TEXT) LIKE '%"kind":"erase"%'`;
/** What the log has of erasures; persons have jobs of other kinds too. */
function typesIn(folder: string): string[] {
  const database = new DatabaseSync(join(folder, 'events.db'));
  try {
    return database
      .prepare(`SELECT type FROM events WHERE type = 'PersonErased' OR (type IN ('JobRequested', 'JobEnded') AND stream IN (${ERASURES}))`)
      .all()
      .map(({ type }) => String(type));
  } finally {
    database.close();
  }
}

function wrongIn(folder: string, said: string, ada: Inhabitant, bob: Inhabitant): string[] {
  const wrong: string[] = [];
  const types = typesIn(folder).toSorted().join();
  if (types !== 'JobEnded,JobRequested,PersonErased') wrong.push(`the log has ${types}`);
  const found = findTexts(folder, [ada.marker, bob.marker]);
  if (found.length > 0) wrong.push(`found ${found[0]}`);
  if (said.includes('kanari')) wrong.push('the server said a canary');
  const read = decryptAll(folder);
  const known = ({ canaries }: Inhabitant): number => canaries.filter((each) => read.some((text) => text.includes(each))).length;
  if (known(ada) > 0) wrong.push(`${known(ada)} canaries can be decrypted`);
  if (known(bob) !== bob.canaries.length) wrong.push(`the neighbour has ${known(bob)} of ${bob.canaries.length} canaries`);
  return wrong;
}
