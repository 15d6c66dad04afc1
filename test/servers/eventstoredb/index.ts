import { fileURLToPath } from 'node:url';
import { spawnServer } from '../process.ts';
import type { StartTestServer, TestServer } from '../test-server.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

/** Starts a double that lets everybody do everything. */
export const startEventStoreDouble: StartTestServer = () => startEventStoreDoubleWith([]);

/** Starts it with these arguments of `main.ts` besides the place: `['--anonymous', 'user']` forbids everybody to read `$all`. */
export const startEventStoreDoubleWith = (args: readonly string[]): Promise<TestServer> =>
  spawnServer({
    what: 'a test double of EventStoreDB 22.10 (gRPC)',
    command: ({ folder, port }) => [process.execPath, main, '--data', folder, '--port', `${port}`, ...args],
    url: ({ port }) => `esdb://127.0.0.1:${port}?tls=${args.includes('--certificate')}`,
  });
