import { setTimeout as sleep } from 'node:timers/promises';
import { openEventStoreDb } from '../../src/adapters/event-store/eventstoredb.ts';
import { openMongo } from '../../src/adapters/mongo/connection.ts';
import { checkEvents, type LogCheck, unequalViews } from './checks.ts';
import { createClient } from './client.ts';
import { allFaults, type Fault } from './faults.ts';
import { checkPublished, expectedOf, hasPublished } from './published.ts';
import { claimedReadyFor, freshAnswer, readyAgain, type Where } from './recovery.ts';
import { seeded } from './seeded.ts';
import { type Stage, startStage } from './stage.ts';
import { watchServers } from './stalls.ts';

export interface DistributedChaosOptions {
  readonly faults: number;
  readonly writers: number;
  readonly chats: number;
  readonly seed: number;
  /** All is well between these, in ms, before something goes wrong. */
  readonly calm: readonly [number, number];
  /** It stays wrong between these, in ms. */
  readonly hold: readonly [number, number];
  readonly say?: (line: string) => void;
}

export interface DistributedChaosReport {
  readonly faults: number;
  readonly events: number;
  readonly acknowledged: number;
  readonly runs: number;
  readonly resumed: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** The longest that a fresh command with a reply took after a fault, in ms. */
  readonly worstRecoveryMs: number;
  /** The longest that a process went on saying it was ready without one of its servers, in ms. */
  readonly worstClaimMs: number;
  readonly published: number;
  readonly publishedAgain: number;
  /** Every promise that was broken, in words. Empty is green. */
  readonly broken: readonly string[];
  /** The server that did not answer even when asked by itself, with nothing of ours in between: then nothing is known of us. */
  readonly stoodStill?: string;
  /** What took longer than it should: figures of this machine, and of whatever else it did. */
  readonly late: readonly string[];
}

/** What a fault may cost, in ms. */
const RECOVERED_MS = 15_000;
const CLAIM_MS = 3000;
/** How long something that is late already is waited for, so that the rest can be looked at. */
const LIMIT_MS = 60_000;
const END_MS = 120_000;
/** A server that needs so long for one small request has not been slow only. */
const STOOD_STILL_MS = 30_000;

interface Struck {
  readonly recoveryMs: number;
  readonly claimMs: number;
  readonly broken: readonly string[];
  readonly late: readonly string[];
  readonly stoodStill?: string;
}

/**
 * Writers and streaming chats on two api and two worker processes, while their three servers, the connections to them and the processes themselves fail one
 * after the other; in the end every promise is checked against the log, the views and Kafka.
 */
export async function distributedChaos(options: DistributedChaosOptions): Promise<DistributedChaosReport> {
  const { faults, writers, chats, seed, calm, hold, say = () => undefined } = options;
  const random = seeded(seed);
  const between = ([low, high]: readonly [number, number]): number => low + random() * (high - low);
  const stage = await startStage();
  const over = new AbortController();
  const giveUp = new AbortController();
  const { clients, work } = load(stage, { writers, chats, seed, over: over.signal, giveUp: giveUp.signal });
  const acknowledged = (): number => clients.reduce((count, { sent }) => count + sent.length, 0);
  const struck: Struck[] = [];
  try {
    const deck: Fault[] = [];
    for (let count = 1; count <= faults; count++) {
      if (deck.length === 0) deck.push(...shuffled(allFaults(stage), random));
      const fault = deck.pop() as Fault;
      await sleep(between(calm));
      say(`${count} of ${faults}: ${fault.name}`);
      const result = await strike(stage, fault, fault.holdMs ?? between(hold), random);
      struck.push(result);
      const told = fault.silences ? `, ready was last said after ${Math.round(result.claimMs)} ms` : '';
      say(`  recovered after ${Math.round(result.recoveryMs)} ms${told}, ${acknowledged()} acknowledged`);
      for (const line of [...result.broken, ...result.late]) say(`  BROKEN: ${line}`);
      if (result.stoodStill !== undefined) break;
    }
    await sleep(calm[0]);
    over.abort();
    const stoodStill = struck.at(-1)?.stoodStill;
    if (stoodStill !== undefined) giveUp.abort();
    say('the clients come to their end');
    const late = setTimeout(() => giveUp.abort(), END_MS);
    const left = (await Promise.allSettled(work)).flatMap((each) => (each.status === 'rejected' ? [`a client: ${String(each.reason)}`] : []));
    clearTimeout(late);
    say('log, views and Kafka are compared');
    const end = await (stoodStill === undefined ? checkEnd : nothingToCheck)(
      stage,
      clients.flatMap(({ sent }) => sent),
    );
    return {
      faults,
      ...end,
      ...(stoodStill === undefined ? {} : { stoodStill }),
      acknowledged: acknowledged(),
      resumed: clients.reduce((count, { resumed }) => count + resumed(), 0),
      worstRecoveryMs: Math.round(Math.max(...struck.map(({ recoveryMs }) => recoveryMs))),
      worstClaimMs: Math.round(Math.max(...struck.map(({ claimMs }) => claimMs))),
      late: struck.flatMap(({ late }) => late),
      broken: [...struck.flatMap(({ broken }) => broken), ...left, ...clients.flatMap(({ broken }) => broken), ...end.broken],
    };
  } finally {
    over.abort();
    giveUp.abort();
    await Promise.allSettled(work);
    await stage.close();
  }
}

interface Load {
  readonly writers: number;
  readonly chats: number;
  readonly seed: number;
  readonly over: AbortSignal;
  readonly giveUp: AbortSignal;
}

/** What the server in place of MongoDB has time for, so that a recovery is no wait for a queue. */
const WITHIN_ITS_MEANS = { paceMs: 1000, words: 10, wordMs: 300 };

/** Clients that turn to another process when theirs does not answer. */
function load({ apis }: Stage, { writers, chats, seed, over, giveUp }: Load) {
  const clientFrom = (first: number) => {
    let at = first;
    return createClient({
      url: () => apis.nodes[at % apis.nodes.length]?.url ?? '',
      failed: () => {
        at += 1;
      },
      over,
      giveUp,
      ...WITHIN_ITS_MEANS,
    });
  };
  const clients = Array.from({ length: writers + chats }, (_, index) => clientFrom(index));
  const work = clients.map((client, index) => (index < writers ? client.write(`writer-${seed}-${index}`) : client.chat(`chat-${seed}-${index}`)));
  return { clients, work };
}

/** One fault from its beginning until everything is as before. */
async function strike({ apis, workers, direct }: Stage, fault: Fault, holdMs: number, random: () => number): Promise<Struck> {
  const each = apis.nodes.map(
    (_, place): Where =>
      () =>
        apis.nodes[place]?.url,
  );
  let turn = 0;
  const anyone: Where = () => apis.nodes[turn++ % apis.nodes.length]?.url;
  const ended = new AbortController();
  const stalls = watchServers(direct);
  const struck = await fault.strike(random);
  const begun = performance.now();
  const claims = fault.silences ? each.map((where) => claimedReadyFor(where, ended.signal)) : [];
  const meanwhile = fault.othersGoOn ? freshAnswer(anyone, begun, LIMIT_MS) : undefined;
  await sleep(holdMs);
  ended.abort();
  const claimMs = Math.max(0, ...(await Promise.all(claims)));
  const broken = [...(await struck.end())];
  const late: string[] = [];
  const over = performance.now();
  const waits = await Promise.all([
    meanwhile ?? 0,
    ...each.map((where) => freshAnswer(where, over, LIMIT_MS)),
    ...each.map((where) => readyAgain(where, over, LIMIT_MS)),
  ]);
  const recoveryMs = Math.max(...waits.map((ms) => ms ?? Number.POSITIVE_INFINITY));
  const alone = Object.entries(await stalls.end());
  const stalled = alone.map(([name, ms]) => `${name} by itself took ${ms} ms`);
  if (recoveryMs > RECOVERED_MS) {
    const each = waits.map((ms) => Math.round(ms ?? -1)).join(', ');
    late.push(`${fault.name}: after ${Math.round(recoveryMs)} ms everything worked again (${each}; ${stalled.join(', ')} for one request)`);
  }
  if (claimMs > CLAIM_MS) late.push(`${fault.name}: ${Math.round(claimMs)} ms later a process still said that it was ready`);
  for (const { role, process, output } of [...apis.nodes, ...workers.nodes])
    if (process.exitCode !== null)
      broken.push(`${fault.name}: a process of ${role} ended by itself with ${process.exitCode}: ${output().slice(-1500)}`);
  const [stood] = alone.find(([, ms]) => recoveryMs === Number.POSITIVE_INFINITY && ms > STOOD_STILL_MS) ?? [];
  return { recoveryMs, claimMs, broken, late, ...(stood === undefined ? {} : { stoodStill: stood }) };
}

/** When nobody writes any more. */
async function checkEnd(stage: Stage, sent: Parameters<typeof checkEvents>[1]) {
  const { direct, apis, cluster } = stage;
  const store = await openEventStoreDb({ url: direct.eventStoreUrl });
  const connection = await openMongo(direct.mongoUrl);
  try {
    const expected = await expectedOf({ ...cluster.environment, MONGODB_URL: direct.mongoUrl });
    const settled = await checkSettled(() => checkEvents(store, sent));
    const behind = (await hasPublished(store, connection, LIMIT_MS)) ? [] : [`Kafka: the end of the log had not come there after ${LIMIT_MS} ms`];
    const unequal = await unequalViews(apis.nodes[0]?.url ?? '');
    const log = settled.broken.length > 0 ? settled : await checkEvents(store, sent, expected.note);
    const there = await checkPublished(expected, direct.brokers);
    return {
      events: log.events,
      runs: log.runs,
      outcomes: log.outcomes,
      published: there.messages,
      publishedAgain: there.repeats,
      broken: [...log.broken, ...behind, ...unequal, ...there.broken],
    };
  } finally {
    await store.close();
    await connection.close();
  }
}

const nothingToCheck: typeof checkEnd = async () => ({ events: 0, runs: 0, outcomes: {}, published: 0, publishedAgain: 0, broken: [] });

/** What is still on its way is waited for. */
async function checkSettled(check: () => Promise<LogCheck>): Promise<LogCheck> {
  const begun = performance.now();
  for (;;) {
    const checked = await check();
    if (checked.broken.length === 0 || performance.now() - begun > LIMIT_MS) return checked;
    await sleep(1000);
  }
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
