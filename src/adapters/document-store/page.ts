import { decodeCursor, encodeCursor } from './cursor.ts';
import type { OrderKey } from './order-key.ts';
import type { FindOptions, FindResult, StoredDocument } from './port.ts';
import { type SortTerm, totalOrder } from './sort.ts';

export interface Page {
  /** Ends in `_id`, so the order is total. */
  readonly sort: readonly SortTerm[];
  readonly limit: number;
  readonly offset: number;
  readonly after?: readonly OrderKey[];
}

const maxLimit = 1_000;
const maxOffset = 10_000;

/** Throws `BadCursor` for a cursor of another sort; any other wrong option is a bug. */
export function pageOf({ sort = [], limit = 100, offset = 0, after }: FindOptions): Page {
  if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`limit is ${limit}, not a whole number from 1 on.`);
  if (!Number.isInteger(offset) || offset < 0) throw new RangeError(`offset is ${offset}, not a whole number from 0 on.`);
  const terms = totalOrder(sort);
  return {
    sort: terms,
    limit: Math.min(limit, maxLimit),
    offset: Math.min(offset, maxOffset),
    ...(after === undefined ? {} : { after: decodeCursor(terms, after) }),
  };
}

/** `rows` holds one more than the page when there is a next one. */
export function resultOf<Row extends StoredDocument>(page: Page, rows: readonly Row[]): Pick<FindResult, 'next'> & { documents: readonly Row[] } {
  const documents = rows.slice(0, page.limit);
  const last = documents.at(-1);
  return rows.length > page.limit && last !== undefined ? { documents, next: encodeCursor(page.sort, last) } : { documents };
}
