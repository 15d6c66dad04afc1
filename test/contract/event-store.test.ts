import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryEventStore } from '../../src/adapters/event-store/memory.ts';
import { openSqliteEventStore } from '../../src/adapters/event-store/sqlite.ts';
import { type EventStoreUnderTest, eventStoreContract } from './event-store.ts';

async function memory(): Promise<EventStoreUnderTest> {
  const store = createMemoryEventStore();
  return { store, dispose: () => store.close() };
}

async function sqlite(): Promise<EventStoreUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'annals-events-'));
  let store = await openSqliteEventStore({ folder });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openSqliteEventStore({ folder });
      return store;
    },
    dispose: async () => {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

eventStoreContract('memory', memory);
eventStoreContract('SQLite', sqlite);
