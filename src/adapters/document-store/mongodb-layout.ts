import type { Collection, Document } from 'mongodb';
import { z } from 'zod';
import type { Json, JsonObject } from '../../domain/event.ts';
import { fieldName } from './names.ts';
import { type OrderKey, orderKey } from './order-key.ts';
import type { Operation, StoredDocument } from './port.ts';
import { parseDocument, serializeDocument } from './row.ts';

/**
 * A document lies as it is, with its id and position beside its fields, so that a person can read it with any tool. `_keys` holds the order keys of the
 * fields that an index needs. A document that BSON would change is kept as JSON text in `_json` instead, with the keys of all its fields.
 * What was deleted is `{ _id, _pos }`, and the collection's head (see mongodb-head.ts) has a number as its id: neither has `_keys`.
 */
export const reserved: ReadonlySet<string> = new Set(['_id', '_pos', '_keys', '_json']);

/** Matches only documents, neither what was deleted nor the head. */
export const documentsOnly: Document = { _keys: { $exists: true } };

export const isDocument = (row: Document): boolean => row._keys !== undefined;

const Envelope = z.looseObject({ _id: z.string(), _pos: z.string(), _json: z.string().optional() });

const idsARequest = 100;

/** The rows with these ids, what was deleted included. Short lists side by side: some servers go through the whole list for each of its rows. */
export async function findRows(collection: Collection, ids: Iterable<string>, projection: Document = {}): Promise<Document[]> {
  const requests = [...chunks([...ids], idsARequest)].map((some): Promise<Document[]> => {
    const wanted: Document = { _id: { $in: some } };
    return collection.find(wanted, { projection, batchSize: some.length + 1 }).toArray();
  });
  return (await Promise.all(requests)).flat();
}

export function* chunks<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

/** What takes the place of the document: itself, or what remains of a deleted one. */
export function rowOf(operation: Operation, fields: Iterable<string>): Document {
  if (operation.kind === 'delete') return { _pos: operation.position };
  const text = serializeDocument(operation.doc);
  const doc = parseDocument<JsonObject>(text);
  const native = Object.keys(doc).every((name) => !reserved.has(name)) && survives(doc, 1);
  const keys = keysOf(doc, native ? fields : Object.keys(doc).filter((name) => fieldName.test(name) && !awkward.test(name)));
  return native ? { _pos: operation.position, ...doc, _keys: keys } : { _pos: operation.position, _json: text, _keys: keys };
}

function keysOf(doc: JsonObject, fields: Iterable<string>): Record<string, OrderKey> {
  const keys: Record<string, OrderKey> = {};
  for (const field of fields) keys[field] = orderKey(Object.hasOwn(doc, field) ? doc[field] : undefined);
  return keys;
}

/** MongoDB takes 100 levels. */
const DEEPEST = 90;
/** Dots and dollars are syntax, the others are special to the driver. */
const awkward = /^$|^\$|[.\0]|^(__proto__|_bsontype)$/;

/** True for a value that comes back from BSON as it was. A lone surrogate has no UTF-8 form. */
function survives(value: Json, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (depth > DEEPEST) return false;
  if (Array.isArray(value)) return value.every((item) => survives(item, depth + 1));
  return Object.entries(value).every(([name, item]) => !awkward.test(name) && name.isWellFormed() && survives(item, depth + 1));
}

/** Documents come back as whoever wrote them declared them; only what is around them is checked. */
export function storedDocument<Doc extends JsonObject>(row: Document): StoredDocument<Doc> {
  const { _id, _pos, _json } = Envelope.parse(row);
  const { _id: _1, _pos: _2, _keys: _3, ...doc }: Document[string] = row;
  return { id: _id, position: _pos, doc: _json === undefined ? doc : parseDocument<Doc>(_json) };
}
