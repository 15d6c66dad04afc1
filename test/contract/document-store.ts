import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMemoryDocumentStore } from '../../src/adapters/document-store/memory.ts';
import { answerContract } from './document-store-answers.ts';
import { commit, document, documentId, filter, indexes, sort } from './document-store-arbitraries.ts';
import { collectionContract } from './document-store-collections.ts';
import { commitContract } from './document-store-commits.ts';
import { allPages, at, type DocumentStorePlace, epoch, ids, put, type Stage, useStage } from './document-store-stage.ts';

/**
 * The promises of the port. The model is the memory adapter, whose own promises stand in the other parts as examples. `effort` says how many random
 * histories are tried, as a part of what is quick in one process.
 */
export function documentStoreContract(name: string, make: () => Promise<DocumentStorePlace>, effort = 1): void {
  describe(name, () => {
    const stage = useStage(make);
    modelContract(stage, effort);
    answerContract(stage);
    commitContract(stage);
    collectionContract(stage);
  });
}

function modelContract(stage: Stage, effort: number): void {
  test('any commits, filters, sorts and pages answer as the model does, cursors and digests byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        indexes,
        fc.array(commit, { minLength: 1, maxLength: 6 }),
        fc.array(fc.tuple(filter, sort, fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 6 }),
        async (declared, commits, questions) => {
          const model = createMemoryDocumentStore();
          const both = [stage.store, model];
          const random = stage.collectionOf('random');
          for (const each of both) await each.open(random, declared);
          for (const { operations, position: until } of commits) {
            for (const each of both) await each.commit(random, operations, { position: until, epoch });
            expect(await stage.store.digest(random)).toEqual(await model.digest(random));
            expect(await stage.store.checkpoint(random)).toEqual(await model.checkpoint(random));
          }
          const every = ids((await model.find(random, {}, { limit: 1000 })).documents);
          expect(await stage.store.getMany(random, every)).toEqual(await model.getMany(random, every));
          for (const [wanted, order, limit, offset] of questions) {
            const options = { sort: order, limit };
            expect(await allPages(stage.store, random, wanted, options)).toEqual(await allPages(model, random, wanted, options));
            expect(await stage.store.find(random, wanted, { ...options, offset })).toEqual(await model.find(random, wanted, { ...options, offset }));
            expect(await stage.store.count(random, wanted)).toBe(await model.count(random, wanted));
          }
          await stage.store.drop(random);
        },
      ),
      { numRuns: 120 * effort },
    );
  });

  test('the pages together are the whole answer, each document once, whatever is written at other places between them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(documentId, document), { selector: ([id]) => id, minLength: 4, maxLength: 30 }),
        sort,
        fc.integer({ min: 1, max: 4 }),
        fc.array(document, { minLength: 10, maxLength: 10 }),
        async (documents, order, limit, later) => {
          const paged = stage.collectionOf('paged');
          await stage.store.open(paged, [['a', 'b']]);
          await stage.store.commit(
            paged,
            documents.map(([id, doc]) => put(id, 1, doc)),
            at(1),
          );
          const before = await allPages(stage.store, paged, {}, { sort: order, limit: 1000 });
          let written = 1;
          const during = await allPages(stage.store, paged, {}, { sort: order, limit }, async () => {
            if (written > later.length) return;
            written += 1;
            await stage.store.commit(paged, [put(`new-${written}`, written, later[written % later.length]!)], at(written));
          });
          expect(ids(during.documents).filter((id) => !id.startsWith('new-'))).toEqual(ids(before.documents));
          expect(new Set(ids(during.documents)).size).toBe(during.documents.length);
          await stage.store.drop(paged);
        },
      ),
      { numRuns: 40 * effort },
    );
  });
}
