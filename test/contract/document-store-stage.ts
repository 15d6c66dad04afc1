import { afterEach, beforeEach, expect } from 'vitest';
import type { DocumentStore, Filter, FindOptions, Operation, StoredDocument } from '../../src/adapters/document-store/port.ts';
import type { JsonObject } from '../../src/domain/event.ts';
import { position } from './document-store-arbitraries.ts';

/** A place of its own for one test. `open` after `close` finds what was committed there if the adapter is persistent. */
export interface DocumentStorePlace {
  readonly persistent: boolean;
  open(): Promise<DocumentStore>;
  remove(): Promise<void>;
}

/** What each test starts with: a store with one empty collection, indexed by owner and at. */
export interface Stage {
  readonly store: DocumentStore;
  readonly collection: string;
  readonly persistent: boolean;
  collectionOf(prefix: string): string;
  /** Ids of the answer. */
  find(wanted: Filter, options?: FindOptions): Promise<string[]>;
  reopen(): Promise<void>;
}

export const epoch = 'e1';
export const at = (n: number) => ({ position: position(n), epoch });
export const put = (id: string, n: number, doc: JsonObject = {}): Operation => ({ kind: 'put', id, position: position(n), doc });
export const remove = (id: string, n: number): Operation => ({ kind: 'delete', id, position: position(n) });
export const ids = (documents: readonly StoredDocument[]) => documents.map(({ id }) => id);

export async function allPages(store: DocumentStore, collection: string, wanted: Filter, options: FindOptions, between = async () => {}) {
  const documents: StoredDocument[] = [];
  const cursors: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.find(collection, wanted, { ...options, ...(after === undefined ? {} : { after }) });
    documents.push(...page.documents);
    if (page.next === undefined) return { documents, cursors };
    expect(page.documents).toHaveLength(options.limit ?? 100);
    after = page.next;
    expect(cursors).not.toContain(after);
    cursors.push(after);
    await between();
  }
}

/** Builds the stage before each test of the suite it is called in and strikes it afterwards. */
export function useStage(make: () => Promise<DocumentStorePlace>): Stage {
  let place: DocumentStorePlace;
  let store: DocumentStore;
  let collection: string;
  let used = 0;
  const collectionOf = (prefix: string) => `${prefix}-${++used}@1`;

  beforeEach(async () => {
    place = await make();
    store = await place.open();
    collection = collectionOf('things');
    await store.open(collection, [['owner', 'at']]);
  });
  afterEach(async () => {
    await store.close();
    await place.remove();
  });

  return {
    get store() {
      return store;
    },
    get collection() {
      return collection;
    },
    get persistent() {
      return place.persistent;
    },
    collectionOf,
    find: async (wanted, options) => ids((await store.find(collection, wanted, options)).documents),
    async reopen() {
      await store.close();
      store = await place.open();
    },
  };
}
