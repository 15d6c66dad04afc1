import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../domain/event.ts';
import { clausesOf } from './clause.ts';
import { namingDamage } from './corruption.ts';
import { startDigest } from './digest.ts';
import { missingCollection } from './names.ts';
import { advances, effective } from './operation.ts';
import { pageOf, resultOf } from './page.ts';
import type { Checkpoint, DocumentStore, Filter, FindOptions, FindResult, Operation, StoredDocument } from './port.ts';
import { fieldKey, serializeDocument } from './row.ts';
import { collectionNames, createCatalog, createTable, dropTable, findTable, hasCatalog, renameTable, type Table } from './sqlite-catalog.ts';
import { type Connection, openConnection } from './sqlite-connection.ts';
import { digestTable } from './sqlite-digest.ts';
import { countQuery, manyQuery, pageQuery, putSql, storedDocument } from './sqlite-query.ts';

/**
 * Documents in one file of the folder (`views.db`), written by one thread; others open it `readOnly`. A reader needs neither the file nor a collection to be
 * there already: what is missing is empty, and what appears or is swapped later is seen by the next call.
 * Calls throw `DamagedViews` when the file is damaged (see `isCorruption`), and any other error of SQLite as it is.
 */
export async function openSqliteDocumentStore({
  folder,
  name = 'views.db',
  readOnly = false,
}: {
  folder: string;
  name?: string;
  readOnly?: boolean;
}): Promise<DocumentStore> {
  const file = join(folder, name);
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

    async getMany<Doc extends JsonObject>(collection: string, ids: readonly string[]) {
      const documents = readTable<StoredDocument<Doc>[]>(collection, [], (db, table) => {
        const { sql, binds } = manyQuery(table, ids);
        return db.all(sql, binds).map(storedDocument<Doc>);
      });
      return new Map(documents.map((document) => [document.id, document]));
    },

    async find<Doc extends JsonObject>(collection: string, filter: Filter, options: FindOptions = {}) {
      const page = pageOf(options);
      const clauses = clausesOf(filter);
      return readTable<FindResult<Doc>>(collection, { documents: [] }, (db, table) => {
        const { sql, binds } = pageQuery(table, clauses, page);
        return resultOf(page, db.all(sql, binds).map(storedDocument<Doc>));
      });
    },

    async count(collection, filter) {
      const clauses = clausesOf(filter);
      return readTable(collection, 0, (db, table) => {
        const { sql, binds } = countQuery(table, clauses);
        return Number(db.all(sql, binds)[0]?.count);
      });
    },

    async commit(collection, operations, checkpoint) {
      write((db) => commitTo(db, collection, operations, checkpoint));
    },

    async checkpoint(collection) {
      return readTable<Checkpoint | undefined>(collection, undefined, (_db, table) => table.checkpoint);
    },

    async digest(collection) {
      return connect.current() === undefined ? startDigest().finish() : digestTable(file, collection);
    },

    async collections() {
      return read([], collectionNames);
    },

    async drop(collection) {
      write((db) => dropTable(db, collection));
    },

    async rename(from, to) {
      write((db) => renameTable(db, from, to));
    },

    async close() {
      connect.close();
    },
  };
}

function commitTo(db: Connection, collection: string, operations: readonly Operation[], checkpoint: Checkpoint): void {
  const table = findTable(db, collection);
  if (table === undefined) throw missingCollection(collection);
  const put = db.prepare(putSql(table));
  const fields = [...table.fields];
  const remove = db.prepare(`DELETE FROM ${table.name} WHERE id = ?`);
  for (const operation of effective(operations, table.checkpoint, checkpoint)) {
    if (operation.kind === 'put') {
      put.run(operation.id, operation.position, serializeDocument(operation.doc), ...fields.map((field) => fieldKey(operation, field)));
    } else remove.run(operation.id);
  }
  if (advances(table.checkpoint, checkpoint)) {
    db.prepare('UPDATE collections SET checkpoint = ? WHERE slot = ?').run(JSON.stringify(checkpoint), table.slot);
  }
}

interface Source {
  /** Undefined while there is nothing to read yet. */
  current(): Connection | undefined;
  close(): void;
}

function writer(file: string): Source {
  const db = openConnection(file, false);
  try {
    namingDamage(file, () => createCatalog(db));
  } catch (error) {
    db.close();
    throw error;
  }
  return { current: () => db, close: db.close };
}

function lazyReader(file: string): Source {
  let db: Connection | undefined;
  let ready = false;
  let closed = false;
  return {
    current() {
      if (closed) throw new Error('These views are closed.');
      if (db === undefined && existsSync(file)) db = openConnection(file, true);
      ready ||= db !== undefined && hasCatalog(db);
      return ready ? db : undefined;
    },
    close() {
      closed = true;
      db?.close();
      db = undefined;
    },
  };
}
