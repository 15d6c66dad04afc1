import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { clausesOf } from './clause.ts';
import { namingDamage } from './corruption.ts';
import { startDigest } from './digest.ts';
import { missingCollection } from './names.ts';
import { advances, effective } from './operation.ts';
import { pageOf, resultOf } from './page.ts';
import type { DocumentStore, FindResult, JsonObjectDocument } from './port.ts';
import { serializeDocument } from './row.ts';
import { collectionNames, createCatalog, createTable, dropTable, findTable, hasCatalog, renameTable, type Table } from './sqlite-catalog.ts';
import { type Connection, openConnection } from './sqlite-connection.ts';
import { digestTable } from './sqlite-digest.ts';
import { countQuery, manyQuery, pageQuery, storedDocument } from './sqlite-query.ts';

/**
 * Views in `<folder>/views.db`, written by one thread; others open it `readOnly`. A reader needs neither the file nor a collection to be
 * there already: what is missing is empty, and what appears or is swapped later is seen by the next call.
 * Calls throw `DamagedViews` when the file is damaged (see `isCorruption`), and any other error of SQLite as it is.
 */
export async function openSqliteDocumentStore({ folder, readOnly = false }: { folder: string; readOnly?: boolean }): Promise<DocumentStore> {
  const file = join(folder, 'views.db');
  const connect = readOnly ? lazyReader(file) : writer(file);

  const read = <Result>(empty: Result, work: (db: Connection) => Result): Result =>
    namingDamage(file, () => {
      const db = connect.current();
      return db === undefined ? empty : db.transaction('read', () => work(db));
    });
  const readTable = <Result>(collection: string, empty: Result, work: (db: Connection, table: Table) => Result): Result =>
    read(empty, (db) => {
      const table = findTable(db, collection);
      return table === undefined ? empty : work(db, table);
    });
  const write = (work: (db: Connection) => void): void =>
    namingDamage(file, () => {
      const db = connect.current();
      if (readOnly || db === undefined) throw new Error('These views were opened for reading only.');
      db.transaction('write', () => work(db));
    });

  return {
    async open(collection, indexes) {
      if (!readOnly) write((db) => createTable(db, collection, indexes));
    },
