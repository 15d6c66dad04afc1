import { setTimeout as sleep } from 'node:timers/promises';
import type { TestServer } from '../servers/test-server.ts';
import { DRAIN_MS, type Reached, type Stage, type Team } from './stage.ts';

/** By when a process has ended that was told to stop, whatever else is the matter. */
const STOPPED_MS = DRAIN_MS + 15_000;
/** Longer than a lease is kept for a process that says nothing. */
const PAST_THE_LEASE_MS = 7000;
const DELAYS_MS = [100, 800] as const;

export interface Strike {
  /** Makes it right again; answers, in words, what should not have been. */
  end(): Promise<readonly string[]>;
}

export interface Fault {
  readonly name: string;
  /** A server without which nothing can be done does not answer meanwhile. */
  readonly silences: boolean;
  /** The others have to do without from the first moment, not only when it is over. */
  readonly othersGoOn: boolean;
  /** Its own time in force, in ms, where it has one. */
  readonly holdMs?: number;
  strike(random: () => number): Promise<Strike>;
}

/** Everything that can go wrong, each once. */
export function allFaults({ eventStore, mongo, kafka, apis, workers }: Stage): readonly Fault[] {
  return [
    ...serverFaults('the event store', eventStore),
    ...serverFaults('MongoDB', mongo),
    ...processFaults('Kafka', kafka, false),
    ...teamFaults('a worker', workers),
    ...teamFaults('an api process', apis),
    stopWhileAway('a worker is told to stop while the event store is away', workers, eventStore),
    stopWhileAway('a worker is told to stop while MongoDB is away', workers, mongo),
    stopWhileAway('an api process is told to stop while the event store is away', apis, eventStore),
  ];
}

const nothing: readonly string[] = [];
const ending = (end: () => unknown): Strike => ({
  end: async () => {
    await end();
    return nothing;
  },
});

function processFaults(what: string, server: TestServer, silences: boolean): readonly Fault[] {
  return [
    {
      name: `${what} is killed and started again`,
      silences,
      othersGoOn: false,
      async strike() {
        await server.signal('SIGKILL');
        return ending(() => server.restart());
      },
    },
    {
      name: `${what} is frozen`,
      silences,
      othersGoOn: false,
      async strike() {
        await server.signal('SIGSTOP');
        return ending(() => server.signal('SIGCONT'));
      },
    },
  ];
}

function serverFaults(what: string, { server, proxy }: Reached): readonly Fault[] {
  const networkFault = (how: string, silences: boolean, begin: (random: () => number) => void): Fault => ({
    name: `${what}’s connections are ${how}`,
    silences,
    othersGoOn: false,
    async strike(random) {
      begin(random);
      return ending(proxy.heal);
    },
  });
  return [
    ...processFaults(what, server, true),
    networkFault('cut', true, proxy.cut),
    networkFault('delayed', false, (random) => proxy.delay(Math.round(DELAYS_MS[0] + random() * (DELAYS_MS[1] - DELAYS_MS[0])))),
    networkFault('half open', true, (random) => {
      const which = random() * 3;
      proxy.halfOpen(which < 1 ? 'toServer' : which < 2 ? 'toClient' : undefined);
    }),
  ];
}

function teamFaults(who: string, team: Team): readonly Fault[] {
  const one = (random: () => number): number => Math.floor(random() * team.nodes.length);
  return [
    {
      name: `${who} is killed and another one started`,
      silences: false,
      othersGoOn: true,
      async strike(random) {
        const place = one(random);
        await team.nodes[place]?.kill('SIGKILL');
        return ending(() => team.start(place));
      },
    },
    {
      name: `${who} is frozen past its lease`,
      silences: false,
      othersGoOn: true,
      holdMs: PAST_THE_LEASE_MS,
      async strike(random) {
        const frozen = team.nodes[one(random)]?.process;
        frozen?.kill('SIGSTOP');
        return ending(() => frozen?.kill('SIGCONT'));
      },
    },
    {
      name: `${who} is replaced by another one`,
      silences: false,
      othersGoOn: true,
      async strike(random) {
        const place = one(random);
        const old = team.nodes[place];
        await team.start(place);
        const stopping = old && stopped(old);
        return { end: async () => (await stopping) ?? nothing };
      },
    },
  ];
}

function stopWhileAway(name: string, team: Team, { proxy }: Reached): Fault {
  return {
    name,
    silences: true,
    othersGoOn: false,
    async strike(random) {
      const place = Math.floor(random() * team.nodes.length);
      const old = team.nodes[place];
      proxy.cut();
      const stopping = old && stopped(old);
      return {
        async end() {
          const broken = (await stopping) ?? nothing;
          proxy.heal();
          await team.start(place);
          return broken;
        },
      };
    },
  };
}

/** Tells it to stop, and answers what was wrong about its end. */
async function stopped(node: Team['nodes'][number]): Promise<readonly string[]> {
  const begun = performance.now();
  const late = sleep(STOPPED_MS, 'late' as const, { ref: false });
  const code = await Promise.race([node.kill('SIGTERM'), late]);
  const said = node.output().slice(-1500);
  if (code === 0) return nothing;
  if (code !== 'late') return [`a process of ${node.role} ended with ${code} after SIGTERM: ${said}`];
  const ended = node.kill('SIGKILL');
  await ended;
  return [`a process of ${node.role} had not ended ${Math.round(performance.now() - begun)} ms after SIGTERM: ${said}`];
}
