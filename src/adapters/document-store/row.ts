import type { Json, JsonObject } from '../../domain/event.ts';
import { type OrderKey, orderKey } from './order-key.ts';
import type { StoredDocument } from './port.ts';

/** The value that filters, sorts and cursors see under a field's name. */
export function fieldValue(row: StoredDocument, field: string): Json | undefined {
  if (field === '_id') return row.id;
  if (field === '_pos') return row.position;
  return Object.hasOwn(row.doc, field) ? row.doc[field] : undefined;
}

export const fieldKey = (row: StoredDocument, field: string): OrderKey => orderKey(fieldValue(row, field));

/** The stored text of a document. `_id` and `_pos` stand beside it, so a document that has them itself is a bug and throws. */
export function serializeDocument(doc: JsonObject): string {
  if (Object.hasOwn(doc, '_id') || Object.hasOwn(doc, '_pos')) throw new TypeError('A document must not have the fields _id and _pos.');
  return JSON.stringify(doc);
}

/** Documents come back as whoever wrote them declared them; nothing is checked here. */
export const parseDocument = <Doc extends JsonObject>(text: string): Doc => JSON.parse(text);
