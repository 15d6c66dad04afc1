import type { SQLInputValue } from 'node:sqlite';
import type { JsonObject } from '../../domain/event.ts';
import type { Clause } from './clause.ts';
import type { OrderKey } from './order-key.ts';
import type { Page } from './page.ts';
import type { StoredDocument } from './port.ts';
import { parseDocument } from './row.ts';
import type { SortTerm } from './sort.ts';
import { keyColumn, keySql, storedText, type Table } from './sqlite-catalog.ts';
import type { SqlRow } from './sqlite-connection.ts';

export interface Query {
  readonly sql: string;
  readonly binds: readonly SQLInputValue[];
}

/** One row more than the page, which tells whether there is a next one. */
export function pageQuery(table: Table, clauses: readonly Clause[], { sort, limit, offset, after }: Page): Query {
  const conditions = [...clauses.map((clause) => conditionSql(table, clause)), ...(after === undefined ? [] : [afterSql(table, sort, after)])];
  const order = sort.map(({ field, descending }) => `${keySql(table, field)}${descending ? ' DESC' : ''}`).join(', ');
  return {
    sql: `SELECT id, pos, doc FROM ${table.name}${whereSql(conditions)} ORDER BY ${order} LIMIT ? OFFSET ?`,
    binds: [...conditions.flatMap(({ binds }) => binds), limit + 1, offset],
  };
}

/** Binds id, position, text and the keys of the table's fields. Key columns are filled by JavaScript, which is faster than JSON functions. */
export function putSql({ name, fields }: Table): string {
  const columns = ['pos', 'doc', ...[...fields].map(keyColumn)];
  const updates = columns.map((column) => `${column} = excluded.${column}`);
  return `INSERT INTO ${name} (id, ${columns.join(', ')}) VALUES (?${', ?'.repeat(columns.length)}) ON CONFLICT (id) DO UPDATE SET ${updates.join(', ')}`;
}

/** The ids go in as one JSON text, so that any number of them is the same statement. */
export const manyQuery = (table: Table, ids: readonly string[]): Query => ({
  sql: `SELECT id, pos, doc FROM ${table.name} WHERE id IN (SELECT value FROM json_each(?))`,
  binds: [JSON.stringify(ids)],
});

export const storedDocument = <Doc extends JsonObject>({ id, pos, doc }: SqlRow): StoredDocument<Doc> => ({
  id: storedText(id),
  position: storedText(pos),
  doc: parseDocument<Doc>(storedText(doc)),
});

export function countQuery(table: Table, clauses: readonly Clause[]): Query {
  const conditions = clauses.map((clause) => conditionSql(table, clause));
  return { sql: `SELECT count(*) AS count FROM ${table.name}${whereSql(conditions)}`, binds: conditions.flatMap(({ binds }) => binds) };
}

const whereSql = (conditions: readonly Query[]) => (conditions.length === 0 ? '' : ` WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`);

function conditionSql(table: Table, clause: Clause): Query {
  const key = keySql(table, clause.field);
  switch (clause.kind) {
    case 'in':
      return inSql(key, clause.keys);
    case 'not':
      return { sql: `${key} <> ?`, binds: [clause.key] };
    case 'range':
      return { sql: clause.bounds.map(({ operator }) => `${key} ${operator} ?`).join(' AND '), binds: clause.bounds.map((bound) => bound.key) };
  }
}

/** Lists are padded to a power of two, so that lists of any length need few statements. */
function inSql(key: string, keys: readonly OrderKey[]): Query {
  const [first] = keys;
  if (first === undefined) return { sql: 'FALSE', binds: [] };
  if (keys.length === 1) return { sql: `${key} = ?`, binds: keys };
  const length = 2 ** Math.ceil(Math.log2(keys.length));
  const padded = [...keys, ...new Array<OrderKey>(length - keys.length).fill(first)];
  return { sql: `${key} IN (${padded.map(() => '?').join(', ')})`, binds: padded };
}

/** Rows behind the cursor. One direction is one comparison of rows, which SQLite seeks in the index. */
function afterSql(table: Table, sort: readonly SortTerm[], after: readonly OrderKey[]): Query {
  const places = sort.map(({ field, descending }, at) => ({ key: keySql(table, field), descending, bind: after[at] ?? '' }));
  const [first] = places;
  if (first === undefined || places.every(({ descending }) => descending === first.descending)) {
    const sql = `(${places.map(({ key }) => key).join(', ')}) ${first?.descending ? '<' : '>'} (${places.map(() => '?').join(', ')})`;
    return { sql, binds: places.map(({ bind }) => bind) };
  }
  const inner = places.reduceRight<Query | undefined>((rest, place) => stepSql(place, rest), undefined);
  // The alternatives imply the first bound; SQLite sees only then that it can seek.
  return { sql: `${first.key} ${first.descending ? '<=' : '>='} ? AND (${inner?.sql})`, binds: [first.bind, ...(inner?.binds ?? [])] };
}

interface Place {
  readonly key: string;
  readonly descending: boolean;
  readonly bind: OrderKey;
}

function stepSql({ key, descending, bind }: Place, rest: Query | undefined): Query {
  const beyond = `${key} ${descending ? '<' : '>'} ?`;
  return rest === undefined
    ? { sql: beyond, binds: [bind] }
    : { sql: `(${beyond} OR (${key} = ? AND ${rest.sql}))`, binds: [bind, bind, ...rest.binds] };
}
