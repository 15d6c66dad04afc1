import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { damaged } from './vault-faults.ts';

/** What the vault's file does, one request at a time; it only ever sees wrapped keys. */
export type VaultRequest =
  | { readonly op: 'getOrCreate'; readonly subject: string; readonly scope: string; readonly keyId: string; readonly wrapped: Uint8Array }
  | { readonly op: 'get'; readonly keyId: string }
  | { readonly op: 'destroyScope'; readonly name: string }
  | { readonly op: 'destroySubject'; readonly name: string }
  | { readonly op: 'isDestroyed'; readonly subject: string; readonly scope: string }
  | { readonly op: 'mark' }
  | { readonly op: 'setMark'; readonly position: string };

export interface WrappedKey {
  readonly keyId: string;
  readonly subject: string;
  readonly scope: string;
  readonly wrapped: Uint8Array;
}

export type VaultReply =
  | { readonly state: 'key'; readonly key: WrappedKey }
  | { readonly state: 'destroyed' | 'absent' | 'done' }
  | { readonly state: 'value'; readonly value: string };

export interface VaultDatabase {
  /** The check value found in the file; the given one when the file is new. */
  readonly check: Uint8Array;
  /** Answers all requests in one transaction, durable when it returns. */
  commit(requests: readonly VaultRequest[]): VaultReply[];
  /** Empties the write-ahead log, where bytes that were overwritten may still stand; false while another reader holds it back. */
  truncateLog(): boolean;
  close(): void;
}

// The rows of `keys` are only ever appended and overwritten in place by as many zeros: SQLite then never moves them between pages, so no stale
// copy of a wrapped key is left in a page's free space (which secure_delete does not promise for rows that a page split moved).
const SCHEMA = `
  CREATE TABLE keys (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key_id TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, scope TEXT NOT NULL, wrapped BLOB NOT NULL,
    UNIQUE (subject, scope));
  CREATE INDEX keys_by_scope ON keys (scope);
  CREATE TABLE destroyed (kind TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
  CREATE TABLE vault (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;`;

const IS_DESTROYED = `EXISTS (SELECT 1 FROM destroyed WHERE (kind = 'subject' AND name = :subject) OR (kind = 'scope' AND name = :scope))`;

const KeyRow = z.object({ keyId: z.string(), subject: z.string(), scope: z.string(), wrapped: z.instanceof(Uint8Array), gone: z.number() });

const BUSY_MS = { request: 5_000, truncation: 50 };

export function openVaultDatabase(file: string, newCheck: Uint8Array): VaultDatabase {
  mkdirSync(dirname(file), { recursive: true });
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file, { timeout: BUSY_MS.request });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;');
    requireSound(file, database);
    const check = prepareFile(database, newCheck);
    const statements = prepareStatements(database);
    const truncate = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)');
    // Another reader (a backup) must not hold up the requests that wait behind this.
    const truncateLog = () => {
      database.exec(`PRAGMA busy_timeout = ${BUSY_MS.truncation}`);
      const { busy } = z.object({ busy: z.number() }).parse(truncate.get());
      database.exec(`PRAGMA busy_timeout = ${BUSY_MS.request}`);
      return busy === 0;
    };
    return {
      check,
      commit: (requests) => inTransaction(database, () => requests.map((request) => answer(statements, request))),
      truncateLog,
      close: () => database.close(),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Small, and irreplaceable: looked through at each start. */
function requireSound(file: string, database: DatabaseSync): void {
  const [first] = database.prepare('PRAGMA quick_check(1)').all();
  const { quick_check: said } = z.object({ quick_check: z.string() }).parse(first);
  if (said !== 'ok') throw new Error(damaged(file, said.replaceAll(/\s+/g, ' ')));
}

function prepareFile(database: DatabaseSync, newCheck: Uint8Array): Uint8Array {
  return inTransaction(database, () => {
    if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'vault'").get() === undefined) database.exec(SCHEMA);
    database.prepare("INSERT INTO vault VALUES ('check', ?) ON CONFLICT DO NOTHING").run(newCheck);
    return z.object({ value: z.instanceof(Uint8Array) }).parse(database.prepare("SELECT value FROM vault WHERE name = 'check'").get()).value;
  });
}

function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(database: DatabaseSync) {
  const columns = 'key_id AS keyId, subject, scope, wrapped';
  const overwritten = 'zeroblob(length(wrapped))';
  return {
    insert: database.prepare(
      `INSERT INTO keys (key_id, subject, scope, wrapped) SELECT :keyId, :subject, :scope, :wrapped WHERE NOT ${IS_DESTROYED} ON CONFLICT DO NOTHING`,
    ),
    destroyed: database.prepare(`SELECT ${IS_DESTROYED} AS gone`),
    byScope: database.prepare(`SELECT ${columns}, wrapped = ${overwritten} AS gone FROM keys WHERE subject = :subject AND scope = :scope`),
    byId: database.prepare(`SELECT ${columns}, wrapped = ${overwritten} AS gone FROM keys WHERE key_id = :keyId`),
    destroy: database.prepare('INSERT INTO destroyed VALUES (?, ?) ON CONFLICT DO NOTHING'),
    overwriteScope: database.prepare(`UPDATE keys SET wrapped = ${overwritten} WHERE scope = ?`),
    overwriteSubject: database.prepare(`UPDATE keys SET wrapped = ${overwritten} WHERE subject = ?`),
    mark: database.prepare("SELECT CAST(value AS TEXT) AS value FROM vault WHERE name = 'mark'"),
    setMark: database.prepare("INSERT INTO vault VALUES ('mark', ?) ON CONFLICT DO UPDATE SET value = excluded.value"),
  };
}

function answer(statements: Statements, request: VaultRequest): VaultReply {
  switch (request.op) {
    case 'getOrCreate': {
      const { op: _, ...row } = request;
      statements.insert.run(row);
      return isGone(statements, row)
        ? { state: 'destroyed' }
        : keyReply(statements, statements.byScope.get({ subject: row.subject, scope: row.scope }));
    }
    case 'get':
      return keyReply(statements, statements.byId.get({ keyId: request.keyId }));
    case 'isDestroyed':
      return { state: isGone(statements, request) ? 'destroyed' : 'absent' };
    case 'destroyScope':
      statements.destroy.run('scope', request.name);
      statements.overwriteScope.run(request.name);
      return { state: 'done' };
    case 'destroySubject':
      statements.destroy.run('subject', request.name);
      statements.overwriteSubject.run(request.name);
      return { state: 'done' };
    case 'mark':
      return { state: 'value', value: z.object({ value: z.string() }).optional().parse(statements.mark.get())?.value ?? '' };
    case 'setMark':
      statements.setMark.run(request.position);
      return { state: 'done' };
  }
}

const isGone = (statements: Statements, { subject, scope }: { readonly subject: string; readonly scope: string }) =>
  z.object({ gone: z.number() }).parse(statements.destroyed.get({ subject, scope })).gone === 1;

function keyReply(statements: Statements, found: unknown): VaultReply {
  if (found === undefined) return { state: 'absent' };
  const { gone, ...key } = KeyRow.parse(found);
  return gone === 1 || isGone(statements, key) ? { state: 'destroyed' } : { state: 'key', key };
}
