import type { JsonObject } from '../../domain/event.ts';
import { clausesOf, matches } from './clause.ts';
import { startDigest } from './digest.ts';
import { assertCollectionName, assertFieldName, missingCollection } from './names.ts';
import { advances, effective } from './operation.ts';
import { compareKeys, compareUtf8, type OrderKey } from './order-key.ts';
import { pageOf, resultOf } from './page.ts';
import type { Checkpoint, DocumentStore, Filter, FindOptions, StoredDocument } from './port.ts';
import { fieldKey, parseDocument, serializeDocument } from './row.ts';
import type { SortTerm } from './sort.ts';

/** Documents are kept as text too, so that no caller can reach what is stored. */
interface Row extends StoredDocument {
  readonly text: string;
}

interface Collection {
  readonly rows: Map<string, Row>;
  checkpoint?: Checkpoint;
}

/** The document store's reference: every other adapter must answer as this one does. Nothing outlives the process. */
export function createMemoryDocumentStore(): DocumentStore {
  const collections = new Map<string, Collection>();

  const select = (collection: string, filter: Filter) => {
    const clauses = clausesOf(filter);
    const rows = collections.get(collection)?.rows.values() ?? [];
    return [...rows].filter((row) => clauses.every((clause) => matches(fieldKey(row, clause.field), clause)));
  };

  return {
    async open(collection, indexes) {
      assertCollectionName(collection);
      indexes.flat().forEach(assertFieldName);
      if (!collections.has(collection)) collections.set(collection, { rows: new Map() });
    },

    async getMany<Doc extends JsonObject>(collection: string, ids: readonly string[]) {
      const rows = collections.get(collection)?.rows;
      return new Map(ids.map((id) => rows?.get(id)).flatMap((row) => (row === undefined ? [] : [[row.id, copy<Doc>(row)] as const])));
    },

    async find<Doc extends JsonObject>(collection: string, filter: Filter, options: FindOptions = {}) {
      const page = pageOf(options);
      const sorted = select(collection, filter).sort((left, right) => compareRows(page.sort, left, keysOf(page.sort, right)));
      const { after } = page;
      const rest = after === undefined ? sorted : sorted.filter((row) => compareRows(page.sort, row, after) > 0);
      const { documents, ...next } = resultOf(page, rest.slice(page.offset, page.offset + page.limit + 1));
      return { documents: documents.map(copy<Doc>), ...next };
    },

    async count(collection, filter) {
      return select(collection, filter).length;
    },

    async commit(collection, operations, checkpoint) {
      const target = collections.get(collection);
      if (target === undefined) throw missingCollection(collection);
      const changes = effective(operations, target.checkpoint, checkpoint).map((operation) => ({
        ...operation,
        text: operation.kind === 'put' ? serializeDocument(operation.doc) : '',
      }));
      for (const { kind, id, position, text } of changes) {
        if (kind === 'put') target.rows.set(id, { id, position, text, doc: parseDocument(text) });
        else target.rows.delete(id);
      }
      if (advances(target.checkpoint, checkpoint)) target.checkpoint = structuredClone(checkpoint);
    },

    async checkpoint(collection) {
      return structuredClone(collections.get(collection)?.checkpoint);
    },

    async digest(collection) {
      const digest = startDigest();
      digest.add([...(collections.get(collection)?.rows.values() ?? [])].sort((left, right) => compareUtf8(left.id, right.id)));
      return digest.finish();
    },

    async collections() {
      return [...collections.keys()].sort(compareUtf8);
    },

    async drop(collection) {
      collections.delete(collection);
    },

    async rename(from, to) {
      assertCollectionName(to);
      const moved = collections.get(from);
      if (moved === undefined) throw missingCollection(from);
      collections.delete(from);
      collections.set(to, moved);
    },

    async close() {
      collections.clear();
    },
  };
}

const copy = <Doc extends JsonObject>({ id, position, text }: Row): StoredDocument<Doc> => ({ id, position, doc: parseDocument<Doc>(text) });

const keysOf = (sort: readonly SortTerm[], row: StoredDocument) => sort.map(({ field }) => fieldKey(row, field));

function compareRows(sort: readonly SortTerm[], row: StoredDocument, keys: readonly OrderKey[]): number {
  for (const [at, { field, descending }] of sort.entries()) {
    const order = compareKeys(fieldKey(row, field), keys[at] ?? '');
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}
