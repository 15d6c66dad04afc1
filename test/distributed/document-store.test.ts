import { randomUUID } from 'node:crypto';
import { openMongoDocumentStore } from '../../src/adapters/document-store/mongodb.ts';
import { openMongo } from '../../src/adapters/mongo/connection.ts';
import { documentStoreContract } from '../contract/document-store.ts';
import type { DocumentStorePlace } from '../contract/document-store-stage.ts';

const url = process.env.MONGODB_URL ?? '';
const connection = await openMongo(url);

async function onMongo(): Promise<DocumentStorePlace> {
  const prefix = `${randomUUID()}.`;
  return {
    persistent: true,
    open: () => openMongoDocumentStore({ connection, prefix }),
    async remove() {
      const store = await openMongoDocumentStore({ connection, prefix });
      for (const name of await store.collections()) await store.drop(name);
    },
  };
}

documentStoreContract('the document store on MongoDB', onMongo);
