import { spawnServer } from '../process.ts';
import type { StartTestServer } from '../test-server.ts';
import { installed } from './install.ts';

const VERSION = '0.7.0b3';
const what = `SecantusDB ${VERSION} in place of MongoDB`;

/**
 * It goes through what it remembers of all retryable writes at each of them, and remembers each for 30 minutes: after ten thousand it is busy with nothing
 * else. No driver repeats a write after so many seconds.
 */
const REMEMBERED_S = 10;
/** With a fifth of it changed and not yet written, while somebody still reads from before, it stands still for good. It takes only what it needs. */
const CACHE = '4G';
const begin = [
  'import runpy, secantus.transactions',
  `secantus.transactions._RETRYABLE_RECORD_LIFETIME_SECONDS = ${REMEMBERED_S}`,
  "runpy.run_module('secantus', run_name='__main__')",
].join('; ');

/**
 * A server that speaks MongoDB's wire protocol and keeps its data with WiredTiger: no registry has MongoDB itself. It calls itself a replica set of
 * one, has change streams and transactions, and accepts `w: 'majority'`. `restart` after SIGKILL finds what it acknowledged.
 */
export const startMongoServer: StartTestServer = async () => {
  const packages = await installed(`secantusdb-${VERSION}`).catch((error: unknown) => ({ unavailable: whyNot(error) }));
  if (typeof packages !== 'string') return packages;
  return spawnServer({
    what,
    command: ({ port, folder }) => {
      const place = ['--host', '127.0.0.1', '--port', String(port), '--storage-path', `${folder}/data`];
      return ['python3', '-c', begin, ...place, '--cache-size', CACHE, '--log-level', 'WARNING'];
    },
    environment: { PYTHONPATH: packages },
    url: ({ port }) => `mongodb://127.0.0.1:${port}/annals`,
  });
};

function whyNot(error: unknown): string {
  const said = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
  return `${what} needs Python 3.10 or newer with pip, and the registry of its packages: ${said}`;
}
