import { createHash, randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { openMongoBlobs } from '../../src/adapters/blobs/mongodb.ts';
import { describeBlobs, type OpenedBlobs } from '../contract/blobs.ts';
import { newTestDatabase } from './mongo-database.ts';
import { describeWith } from './servers.ts';

const nameOf = (bytes: Uint8Array | undefined): string => (bytes === undefined ? 'nothing' : createHash('sha256').update(bytes).digest('hex'));

async function openMongo(): Promise<OpenedBlobs> {
  const database = newTestDatabase();
  const open = async () => openMongoBlobs(await database.connect());
  return { blobs: await open(), reopen: open, remove: database.remove };
}

describeWith(['MONGODB_URL'], 'between processes', () => {
  describeBlobs([{ name: 'in MongoDB', open: openMongo }]);

  it('replaces many bytes as a whole under the eyes of other processes, and leaves none of the old ones', async () => {
    const database = newTestDatabase();
    const connection = await database.connect();
    const [here, there] = await Promise.all([openMongoBlobs(connection), openMongoBlobs(await database.connect())]);
    const sizes = [0, 1, 2 ** 20, 2 ** 20 + 1, 3 * 2 ** 20, 2_500_000, 10];
    const versions = sizes.map((size) => randomBytes(size));
    const known = versions.map(nameOf);
    await here.put('blob_1', versions[0]!);
    let over = false;
    const reader = (async () => {
      while (!over) expect(known).toContain(nameOf(await there.get('blob_1')));
    })();
    for (const version of versions) await here.put('blob_1', version);
    over = true;
    await reader;
    expect(Buffer.from((await there.get('blob_1'))!).equals(versions.at(-1)!)).toBe(true);
    expect(await connection.db.collection('blob-parts').countDocuments()).toBe(0);
    await here.put('blob_1', versions[4]!);
    expect(await connection.db.collection('blob-parts').countDocuments({ draftSince: { $exists: false } })).toBe(3);
    await there.delete('blob_1');
    expect(await connection.db.collection('blob-parts').countDocuments()).toBe(0);
    await database.remove();
  });
});
