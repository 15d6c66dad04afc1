import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore, Position } from '../../../src/adapters/event-store/port.ts';
import { createMongoLeases } from '../../../src/adapters/leases/mongodb.ts';
import { RunEnded } from '../../../src/domain/run/index.ts';
import { type Connection, requestBytes, success, withConnections } from '../http-connection.ts';
import { type Bench, count, interleaved, median, perSecond, rate, ratioOf, timed } from '../measure.ts';
import { type Installed, newConversation, withInstallation } from './annals.ts';
import { withServers } from './servers.ts';

const AIM = 1.7;
const CONNECTIONS = 16;
const WORDS = 5;
const PACE_MS = 200;
const message = { parts: [{ type: 'text', text: `/long ${WORDS}\n/pace ${PACE_MS}\nslowly` }], reply: true };

export const workers: Bench = {
  title: 'A second worker',
  run: ({ quick }) =>
    withServers(['EVENTSTORE_URL', 'MONGODB_URL'], (servers) =>
      withInstallation(servers, ['api', 'workers'], async (installed) => {
        const runs = quick ? 30 : 300;
        await answers(installed, Math.min(runs, 50));
        const { one, two } = await interleaved(quick ? 1 : 3, {
          one: () => answers(installed, runs),
          two: () => withSecond(installed, () => answers(installed, runs)),
        });
        const ratio = ratioOf(two, one);
        return [
          {
            what: `${count(runs)} answers at once by two workers, against one; each waits ${count(WORDS * PACE_MS)} ms for its model; servers: ${servers.EVENTSTORE_URL.what}; ${servers.MONGODB_URL.what}`,
            figure: rate(median(two)),
            beside: rate(median(one)),
            ratio,
            aim: `≥ ${AIM}×`,
            met: ratio >= AIM,
          },
        ];
      }),
    ),
};

/** Asks for so many answers in as many conversations; from the first request to the last end, a second. */
const answers = ({ url, store }: Installed, runs: number): Promise<number> =>
  withConnections(url, CONNECTIONS, async (connections) => {
    const requests: Buffer[] = [];
    await shared(connections, runs, async (connection) => {
      requests.push(requestBytes('POST', await newConversation(connection, url), { body: message }));
    });
    const from = await store.head();
    const { ms } = await timed(() =>
      Promise.all([
        ended(store, from, runs),
        shared(connections, runs, async (connection, index) => {
          await success(connection, requests[index] ?? Buffer.alloc(0));
        }),
      ]),
    );
    return perSecond(runs, ms);
  });

async function shared(
  connections: readonly Connection[],
  times: number,
  work: (connection: Connection, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    connections.map(async (connection) => {
      for (let index = next++; index < times; index = next++) await work(connection, index);
    }),
  );
}

/** Resolves when so many runs have ended after that position. Throws when one ended otherwise than with its answer. */
async function ended(store: EventStore, from: Position, runs: number): Promise<void> {
  const stop = new AbortController();
  let left = runs;
  for await (const { events } of store.tail(from, { signal: stop.signal })) {
    for (const { data } of events.filter(({ type }) => type === RunEnded.type)) {
      if (data.outcome !== 'completed') throw new Error(`A run ended as ${String(data.outcome)}.`);
      left -= 1;
    }
    if (left <= 0) stop.abort();
  }
}

/** With one more worker, from when the reactions are shared evenly until they are the first one's again. */
async function withSecond(installed: Installed, work: () => Promise<number>): Promise<number> {
  const second = await installed.cluster.start('workers');
  try {
    await untilSharedBy(installed, 2);
    return await work();
  } finally {
    await second.kill('SIGTERM');
    await untilSharedBy(installed, 1);
  }
}

/** Until every shard of the reactions is held, by so many processes with as many each. */
async function untilSharedBy({ connection }: Installed, processes: number): Promise<void> {
  const leases = createMongoLeases(connection);
  for (;;) {
    const rows = (await leases.list('reactions/shard/')).filter(({ holder }) => holder !== '');
    const held = [...Map.groupBy(rows, ({ holder }) => holder).values()].map(({ length }) => length);
    if (held.length === processes && new Set(held).size === 1) return;
    await sleep(50);
  }
}
