import { z } from 'zod';
import { type OrderKey, orderKey } from './order-key.ts';
import type { StoredDocument } from './port.ts';
import { fieldValue } from './row.ts';
import type { SortTerm } from './sort.ts';

/** Thrown by `find` for a cursor that it did not make for this sort. The one expected error of the store: tell the client to start at the first page. */
export class BadCursor extends Error {
  override readonly name = 'BadCursor';
  readonly code = 'BadCursor';
  constructor() {
    super('The cursor does not belong to this list. Start again at the first page.');
  }
}

/** An object or array stands as {}: all of them sort alike. */
const Place = z.union([z.string(), z.number(), z.boolean(), z.null(), z.strictObject({})]);
const Content = z.tuple([z.string()], Place);

const signature = (sort: readonly SortTerm[]) => sort.map(({ field, descending }) => `${descending ? '-' : '+'}${field}`).join('');

/** base64url of a JSON array: the sort, then the last row's value of each of its fields. The same bytes in every adapter. */
export function encodeCursor(sort: readonly SortTerm[], row: StoredDocument): string {
  const places = sort.map(({ field }) => fieldValue(row, field) ?? null).map((value) => (typeof value === 'object' && value !== null ? {} : value));
  return Buffer.from(JSON.stringify([signature(sort), ...places])).toString('base64url');
}

/** The keys that the next page lies behind, one for each field of the sort. */
export function decodeCursor(sort: readonly SortTerm[], cursor: string): OrderKey[] {
  const content = Content.safeParse(parseJson(cursor));
  if (!content.success) throw new BadCursor();
  const [made, ...places] = content.data;
  const id = places[sort.findIndex(({ field }) => field === '_id')];
  if (made !== signature(sort) || places.length !== sort.length || typeof id !== 'string') throw new BadCursor();
  return places.map(orderKey);
}

function parseJson(cursor: string): unknown {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.toString('base64url') !== cursor) throw new BadCursor();
  try {
    return JSON.parse(bytes.toString());
  } catch {
    throw new BadCursor();
  }
}
