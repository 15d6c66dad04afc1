import { z } from 'zod';
import { StoredTextError } from './corruption.ts';
import { assertCollectionName, assertFieldName, missingCollection } from './names.ts';
import { falseKey, trueKey } from './order-key.ts';
import type { Checkpoint } from './port.ts';
import type { Connection } from './sqlite-connection.ts';
import { StoredCheckpoint } from './stored-checkpoint.ts';

/**
 * Where a collection's documents are. Its table and indexes are named by a number, so that a rename is a change of one row and no name
 * of a collection stands in SQL; whoever reads looks the number up in the same transaction.
 */
export interface Table {
  readonly slot: number;
  readonly name: string;
  /** The fields with a key column of their own. */
  readonly fields: ReadonlySet<string>;
  readonly checkpoint?: Checkpoint;
}

const catalogDdl = `
  CREATE TABLE IF NOT EXISTS collections (
    slot INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    fields TEXT NOT NULL,
    checkpoint TEXT
  ) STRICT`;

const CatalogRow = z.object({ slot: z.number(), fields: z.string(), checkpoint: z.string().nullable() });
const Fields = z.array(z.string());

export const createCatalog = (db: Connection): void => db.exec(catalogDdl);

/** False while the file is new and its writer has not come this far. */
export const hasCatalog = (db: Connection): boolean => db.all("SELECT 1 FROM sqlite_schema WHERE name = 'collections'", []).length > 0;

export function findTable(db: Connection, collection: string): Table | undefined {
  const [found] = db.all('SELECT slot, fields, checkpoint FROM collections WHERE name = ?', [collection]);
  if (found === undefined) return undefined;
  const { slot, fields, checkpoint } = parsed(CatalogRow, found);
  const known = { slot, name: tableName(slot), fields: new Set(parsed(Fields, JSON.parse(fields))) };
  return checkpoint === null ? known : { ...known, checkpoint: parsed(StoredCheckpoint, JSON.parse(checkpoint)) };
}

const tableName = (slot: number) => `docs_${slot}`;

/** SQL for the order key of a field: its column if an index needs it, else computed from the document. */
export function keySql(table: Table, field: string): string {
  if (field === '_id') return 'id';
  if (field === '_pos') return 'pos';
  return table.fields.has(field) ? keyColumn(field) : keyExpression(field);
}

export const keyColumn = (field: string) => `"key_${field}"`;

/** Equal to `orderKey` in JavaScript. Integers become doubles because JavaScript has no others. */
const keyExpression = (field: string) => `CASE json_type(doc, '$.${field}')
  WHEN 'text' THEN json_extract(doc, '$.${field}')
  WHEN 'integer' THEN CAST(json_extract(doc, '$.${field}') AS REAL)
  WHEN 'real' THEN json_extract(doc, '$.${field}')
  WHEN 'false' THEN ${falseKey}
  WHEN 'true' THEN ${trueKey}
  WHEN 'object' THEN x''
  WHEN 'array' THEN x''
  ELSE -9e999 END`;

/** Creates what is missing of the table, its key columns and its indexes. An index ends in the id, the tie-breaker of every sort. */
export function createTable(db: Connection, collection: string, indexes: readonly (readonly string[])[]): void {
  assertCollectionName(collection);
  indexes.flat().forEach(assertFieldName);
  const table = findTable(db, collection) ?? addTable(db, collection);
  const declared = new Set(indexes.flat().filter((field) => field !== '_id' && field !== '_pos'));
  for (const field of declared.difference(table.fields)) {
    db.exec(`ALTER TABLE ${table.name} ADD COLUMN ${keyColumn(field)}`);
    db.exec(`UPDATE ${table.name} SET ${keyColumn(field)} = ${keyExpression(field)}`);
  }
  const fields = table.fields.union(declared);
  db.prepare('UPDATE collections SET fields = ? WHERE slot = ?').run(JSON.stringify([...fields]), table.slot);
  for (const index of indexes) {
    const columns = [...new Set([...index, '_id'])].map((field) => keySql({ ...table, fields }, field));
    db.exec(`CREATE INDEX IF NOT EXISTS "${table.name}:${index.join('+')}" ON ${table.name} (${columns.join(', ')})`);
  }
}

/** Columns without a type: text affinity would turn a number that an id is compared with into text. */
function addTable(db: Connection, collection: string): Table {
  const slot = Number(db.prepare("INSERT INTO collections (name, fields) VALUES (?, '[]')").run(collection).lastInsertRowid);
  db.exec(`CREATE TABLE ${tableName(slot)} (id NOT NULL PRIMARY KEY, pos NOT NULL, doc TEXT NOT NULL)`);
  return { slot, name: tableName(slot), fields: new Set() };
}

export function dropTable(db: Connection, collection: string): void {
  const table = findTable(db, collection);
  if (table === undefined) return;
  db.prepare('DELETE FROM collections WHERE slot = ?').run(table.slot);
  db.exec(`DROP TABLE ${table.name}`);
}

export function renameTable(db: Connection, from: string, to: string): void {
  assertCollectionName(to);
  const table = findTable(db, from);
  if (table === undefined) throw missingCollection(from);
  if (from === to) return;
  dropTable(db, to);
  db.prepare('UPDATE collections SET name = ? WHERE slot = ?').run(to, table.slot);
}

export const collectionNames = (db: Connection): string[] =>
  db.all('SELECT name FROM collections ORDER BY name', []).map(({ name }) => storedText(name));

export function storedText(value: unknown): string {
  if (typeof value !== 'string') throw new StoredTextError('a text is missing');
  return value;
}

function parsed<Value>(schema: z.ZodType<Value>, value: unknown): Value {
  const result = schema.safeParse(value);
  if (!result.success) throw new StoredTextError('the list of collections is not readable', { cause: result.error });
  return result.data;
}
