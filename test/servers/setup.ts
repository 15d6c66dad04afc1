import { startEventStoreDouble } from './eventstoredb/index.ts';
import { startKafkaServer } from './kafka/index.ts';
import { startMongoServer } from './mongodb/index.ts';
import type { StartTestServer, TestServer } from './test-server.ts';

const needed: Readonly<Record<string, StartTestServer>> = {
  EVENTSTORE_URL: startEventStoreDouble,
  MONGODB_URL: startMongoServer,
  KAFKA_BROKERS: startKafkaServer,
};

/** Tells each file with tests to start a server in place of MongoDB for itself: the one that there is becomes slower with all it has ever held. */
export const EACH_ITS_OWN = 'ANNALS_MONGODB_EACH';
/** There are two projects of tests on servers, and one lot of servers for both. */
const THERE = 'ANNALS_TEST_SERVERS';

/**
 * Before the tests that need servers: takes those that the environment names, starts the others itself, and tells the tests by the environment. What cannot
 * be started here is skipped; what fails to start fails the run, too. Answers the way to end them, which says at last which was which.
 */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.env[THERE]) return async () => undefined;
  process.env[THERE] = 'yes';
  const provided = await Promise.all(Object.entries(needed).map(([name, start]) => provide(name, start)));
  return async () => {
    await Promise.all(provided.map(({ server }) => server?.close()));
    process.stdout.write(`${['', 'Servers of this run:', ...provided.map(({ is }) => is)].join('\n')}\n`);
  };
}

interface Provided {
  readonly is: string;
  readonly server?: TestServer;
}

async function provide(name: string, start: StartTestServer): Promise<Provided> {
  const given = process.env[name];
  if (given) return { is: `${name}: given ${withoutPassword(given)}` };
  const server = await start().catch((error: unknown) => {
    process.exitCode = 1;
    return { unavailable: error instanceof Error ? error.message : String(error) };
  });
  if ('unavailable' in server) {
    const whyNot = server.unavailable.trim().replaceAll(/\s+/g, ' ');
    process.env[`${name}_WHY_NOT`] = whyNot;
    return { is: `${name}: not available: ${whyNot}` };
  }
  if (name === 'MONGODB_URL') {
    await server.close();
    process.env[EACH_ITS_OWN] = 'yes';
    return { is: `${name}: started here, one for each file: ${server.what}` };
  }
  process.env[name] = server.url;
  return { is: `${name}: started here: ${server.what}`, server };
}

const withoutPassword = (url: string): string => url.replaceAll(/\/\/[^/@]*@/g, '//…@');
