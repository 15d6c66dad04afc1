import type { Collection, Document } from 'mongodb';
import { z } from 'zod';
import type { Checkpoint } from './port.ts';
import { StoredCheckpoint } from './stored-checkpoint.ts';

/**
 * What is known of a collection, in a document of the collection itself, so that a rename carries it along in its one step. Its id is a number, which no
 * document's is.
 */
export interface Head {
  /** The fields of which every document has its order key in `_keys`. */
  readonly fields: ReadonlySet<string>;
  readonly checkpoint?: Checkpoint;
}

export const headId: Document = { _id: 0 };
const HeadRow = z.object({ _pos: z.string(), _fields: z.array(z.string()), _checkpoint: z.string().optional() });

/** Undefined for a collection that nobody opened. */
export async function readHead(collection: Collection): Promise<Head | undefined> {
  const row = await collection.findOne(headId);
  if (row === null) return undefined;
  const { _fields, _checkpoint } = HeadRow.parse(row);
  const head = { fields: new Set(_fields) };
  return _checkpoint === undefined ? head : { ...head, checkpoint: StoredCheckpoint.parse(JSON.parse(_checkpoint)) };
}

export const createHead = (collection: Collection) => collection.updateOne(headId, { $setOnInsert: { _pos: '', _fields: [] } }, { upsert: true });

export const addFields = (collection: Collection, fields: Iterable<string>) =>
  collection.updateOne(headId, { $addToSet: { _fields: { $each: [...fields] } } });

/** Moves the checkpoint on; one that has come further already stays. */
export const advanceHead = (checkpoint: Checkpoint) => ({
  updateOne: {
    filter: { ...headId, _pos: { $lte: checkpoint.position } },
    update: { $set: { _pos: checkpoint.position, _checkpoint: JSON.stringify(checkpoint) } },
  },
});

/** How long a reader goes by what it knows of a head: another process may have put a rebuild with other indexes in its place. */
const KNOWN_MS = 1_000;

/** Remembers the fields of collections for the many who only read. */
export function createHeadCache(collectionOf: (name: string) => Collection) {
  const known = new Map<string, { readonly head: Head; readonly until: number }>();
  return {
    async get(name: string): Promise<Head | undefined> {
      const cached = known.get(name);
      if (cached !== undefined && performance.now() < cached.until) return cached.head;
      const head = await readHead(collectionOf(name));
      if (head === undefined) known.delete(name);
      else known.set(name, { head, until: performance.now() + KNOWN_MS });
      return head;
    },
    forget: (...names: string[]) => {
      for (const name of names) known.delete(name);
    },
  };
}
