import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { MongoConnection } from '../mongo/connection.ts';
import { isDuplicate } from '../mongo/outage.ts';
import { assertBlobId } from './blob-id.ts';
import type { Blobs } from './port.ts';

/** A document holds 16 MiB at most; smaller parts keep the server's memory even. */
const PART_BYTES = 1024 * 1024;
const DRAFTS_LAST_S = 24 * 60 * 60;

const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
/** The bytes themselves when they are few, else the name and number of their parts. */
const Head = z.object({
  bytes: Bytes.optional(),
  parts: z.object({ version: z.string(), count: z.number() }).optional(),
});
type Head = z.output<typeof Head>;
type Parts = NonNullable<Head['parts']>;
const Part = z.object({ bytes: Bytes });

interface HeadDocument extends Head {
  readonly _id: string;
}
interface PartDocument {
  readonly _id: string;
  readonly bytes: Uint8Array;
  /** Until the blob names it, and again when it is to be deleted. */
  readonly draftSince?: Date;
}

/**
 * Blobs in the collections `blobs` and `blob-parts`. A put writes parts of its own first and then names them, so readers see the one or the other as
 * a whole; parts that a crash left over are removed by the server after a day. Methods throw `StoreUnavailable` when the server is away; closing leaves
 * the connection open.
 */
export async function openMongoBlobs({ db, reach }: MongoConnection): Promise<Blobs> {
  const heads = db.collection<HeadDocument>('blobs', { promoteBuffers: true });
  const parts = db.collection<PartDocument>('blob-parts', { promoteBuffers: true });
  await reach(() => parts.createIndex({ draftSince: 1 }, { expireAfterSeconds: DRAFTS_LAST_S }));

  async function writeParts(bytes: Uint8Array): Promise<Parts> {
    const version = randomBytes(16).toString('hex');
    const count = Math.ceil(bytes.length / PART_BYTES);
    for (let index = 0; index < count; index += 1) {
      const part = bytes.subarray(index * PART_BYTES, (index + 1) * PART_BYTES);
      await parts.insertOne({ _id: partName(version, index), bytes: part, draftSince: new Date() });
    }
    await parts.updateMany({ _id: { $in: partNames({ version, count }) } }, { $unset: { draftSince: '' } });
    return { version, count };
  }

  async function removeParts({ parts: replaced }: Head): Promise<void> {
    if (replaced) await parts.deleteMany({ _id: { $in: partNames(replaced) } });
  }

  async function readParts({ version, count }: Parts): Promise<Uint8Array | undefined> {
    const found = await parts
      .find({ _id: { $in: partNames({ version, count }) } })
      .sort({ _id: 1 })
      .toArray();
    return found.length === count ? Buffer.concat(found.map((part) => Part.parse(part).bytes)) : undefined;
  }

  // Two that put a new id at once both mean to insert it; the second one then finds it.
  async function name(id: string, head: Head): Promise<Head> {
    try {
      return Head.parse((await heads.findOneAndReplace({ _id: id }, head, { upsert: true })) ?? {});
    } catch (error) {
      if (isDuplicate(error)) return name(id, head);
      throw error;
    }
  }

  async function put(id: string, bytes: Uint8Array): Promise<void> {
    await removeParts(await name(id, bytes.length > PART_BYTES ? { parts: await writeParts(bytes) } : { bytes }));
  }

  async function get(id: string): Promise<Uint8Array | undefined> {
    const found = await heads.findOne({ _id: id });
    if (found === null) return undefined;
    const head = Head.parse(found);
    if (!head.parts) return head.bytes;
    const bytes = await readParts(head.parts);
    if (bytes) return bytes;
    const now = Head.parse((await heads.findOne({ _id: id })) ?? {});
    if (now.parts?.version === head.parts.version)
      throw new Error(`Parts of the blob ${id} are missing in the database: put them back from a backup.`);
    return get(id);
  }

  // Marked first, so that the server removes them should this process not come to it.
  async function remove(id: string): Promise<void> {
    const { parts: doomed } = Head.parse((await heads.findOne({ _id: id })) ?? {});
    if (doomed) await parts.updateMany({ _id: { $in: partNames(doomed) } }, { $set: { draftSince: new Date() } });
    await removeParts(Head.parse((await heads.findOneAndDelete({ _id: id })) ?? {}));
  }

  /** With an id that is one. */
  const named = async <Result>(id: string, work: () => Promise<Result>): Promise<Result> => {
    assertBlobId(id);
    return reach(work);
  };

  return {
    put: (id, bytes) => named(id, () => put(id, bytes)),
    get: (id) => named(id, () => get(id)),
    delete: (id) => named(id, () => remove(id)),
    close: async () => {},
  };
}

const partName = (version: string, index: number): string => `${version}.${String(index).padStart(6, '0')}`;
const partNames = ({ version, count }: Parts): string[] => Array.from({ length: count }, (_, index) => partName(version, index));
