import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MongoConnection } from '../mongo/connection.ts';
import { openMongoBlobs } from './mongodb.ts';

export interface StoredBlob {
  readonly id: string;
  read(): Promise<Uint8Array | undefined>;
}

/** Folders of blobs have names of two digits; drafts lie elsewhere. */
const SPREAD = /^[0-9a-f]{2}$/;

/** Every blob in `blobs` of the folder, in no order that means anything; nothing there is changed. */
export async function* blobsInFolder(folder: string): AsyncGenerator<StoredBlob> {
  const root = join(folder, 'blobs');
  for (const one of await foldersIn(root)) {
    for (const two of await foldersIn(join(root, one))) {
      const place = join(root, one, two);
      for (const id of await readdir(place)) yield { id, read: () => readFile(join(place, id)) };
    }
  }
}

/** Every blob in the database. */
export async function* blobsInMongo(connection: MongoConnection): AsyncGenerator<StoredBlob> {
  const blobs = await openMongoBlobs(connection);
  for await (const { _id: id } of connection.db.collection<{ readonly _id: string }>('blobs').find({}, { projection: { _id: 1 } }))
    yield { id, read: () => blobs.get(id) };
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => SPREAD.test(name)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
