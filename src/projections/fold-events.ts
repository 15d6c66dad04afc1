import type { DocumentStore, Operation, StoredDocument } from '../adapters/document-store/port.ts';
import type { Position } from '../adapters/event-store/port.ts';
import type { JsonObject, RecordedEvent } from '../domain/event.ts';
import type { Key, View } from './view.ts';

/** Batches in which no event writes by index, and single events that do: those must see what the ones before them wrote. */
export function* chunksByKeys(view: View, events: readonly RecordedEvent[]): Generator<readonly { event: RecordedEvent; keys: readonly Key[] }[]> {
  let chunk: { event: RecordedEvent; keys: readonly Key[] }[] = [];
  for (const event of events) {
    let keys: readonly Key[];
    try {
      keys = view.keys(event);
    } catch {
      keys = [];
    }
    if (keys.every((key) => typeof key === 'string')) chunk.push({ event, keys });
    else {
      if (chunk.length) yield chunk;
      yield [{ event, keys }];
      chunk = [];
    }
  }
  if (chunk.length) yield chunk;
}

interface Folded {
  readonly operations: Operation[];
  readonly folded: readonly RecordedEvent[];
  readonly problem?: string;
}

interface DocumentInHand {
  readonly doc: JsonObject | undefined;
  readonly position: Position;
  readonly changed: boolean;
}

/** An event that throws for one of its documents writes none of them. */
export async function foldInto(
  view: View,
  documents: DocumentStore,
  collection: string,
  batch: readonly { event: RecordedEvent; keys: readonly Key[] }[],
): Promise<Folded> {
  const resolved: { event: RecordedEvent; ids: readonly string[] }[] = [];
  for (const { event, keys } of batch) resolved.push({ event, ids: await idsOf(documents, collection, keys) });
  const stored = await documents.getMany(collection, [...new Set(resolved.flatMap(({ ids }) => ids))]);
  const docs = new Map<string, DocumentInHand>();
  for (const [id, { doc, position }] of stored) docs.set(id, { doc, position, changed: false });
  const folded: RecordedEvent[] = [];
  let problem: string | undefined;
  for (const { event, ids } of resolved) {
    try {
      view.keys(event);
      const written: [string, DocumentInHand][] = [];
      for (const id of new Set(ids)) {
        const current = docs.get(id);
        if (current && current.position >= event.position) continue;
        const next = view.fold(current?.doc, event);
        if (next !== undefined) written.push([id, { doc: next === 'delete' ? undefined : next, position: event.position, changed: true }]);
      }
      for (const [id, document] of written) docs.set(id, document);
      folded.push(event);
    } catch (error) {
      problem = `${event.type} at ${event.position} in ${event.stream}: ${error instanceof Error ? error.message : String(error)}`;
      break;
    }
  }
  const operations = [...docs]
    .filter(([, { changed }]) => changed)
    .map(([id, { doc, position }]): Operation => (doc ? { kind: 'put', id, position, doc } : { kind: 'delete', id, position }));
  return { operations, folded, ...(problem === undefined ? {} : { problem }) };
}

async function idsOf(documents: DocumentStore, collection: string, keys: readonly Key[]): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const key of keys) {
    if (typeof key === 'string') {
      ids.push(key);
      continue;
    }
    let after: string | undefined;
    do {
      const page: { documents: readonly StoredDocument[]; next?: string } = await documents.find(
        collection,
        { [key.index]: key.value },
        { limit: 1000, ...(after ? { after } : {}) },
      );
      ids.push(...page.documents.map(({ id }) => id));
      after = page.next;
    } while (after);
  }
  return ids;
}
