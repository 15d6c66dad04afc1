import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryLiveLog } from '../../src/adapters/live-log/memory.ts';
import { openSqliteLiveLog } from '../../src/adapters/live-log/sqlite.ts';
import { describeLiveLogs, type OpenedLiveLog } from './live-log.ts';

async function openSqlite(): Promise<OpenedLiveLog> {
  const folder = await mkdtemp(join(tmpdir(), 'annals-live-'));
  const log = await openSqliteLiveLog({ folder });
  let current = log;
  return {
    log,
    reopen: async () => {
      await current.close();
      current = await openSqliteLiveLog({ folder });
      return current;
    },
    remove: async () => {
      await current.close();
      await rm(folder, { recursive: true });
    },
  };
}

describeLiveLogs([
  { name: 'in memory', open: async () => ({ log: createMemoryLiveLog(), remove: async () => {} }) },
  { name: 'in SQLite', open: openSqlite },
]);
