import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryDocumentStore } from '../../src/adapters/document-store/memory.ts';
import { openSqliteDocumentStore } from '../../src/adapters/document-store/sqlite.ts';
import { documentStoreContract } from './document-store.ts';
import type { DocumentStorePlace } from './document-store-stage.ts';

const inMemory = async (): Promise<DocumentStorePlace> => ({
  persistent: false,
  open: async () => createMemoryDocumentStore(),
  remove: async () => {},
});

async function onSqlite(): Promise<DocumentStorePlace> {
  const folder = await mkdtemp(join(tmpdir(), 'annals-views-'));
  return { persistent: true, open: () => openSqliteDocumentStore({ folder }), remove: () => rm(folder, { recursive: true }) };
}

documentStoreContract('the document store in memory', inMemory);
documentStoreContract('the document store on SQLite', onSqlite);
