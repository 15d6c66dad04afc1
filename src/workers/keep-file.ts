import { randomBytes } from 'node:crypto';
import type { Blobs } from '../adapters/blobs/port.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import type { Tell } from '../commands/command.ts';
import { reserveFile, uploadFile } from '../commands/file.ts';
import { annals } from '../commands/settle-active-run.ts';
import { fileStream } from '../domain/file.ts';
import type { PersonId } from '../domain/ids.ts';

export interface KeptFile {
  readonly filename: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Makes a file of the person's of what a tool brought; answers its id. */
export type KeepFile = (person: PersonId, file: KeptFile) => Promise<string>;

export const createKeepFile =
  ({ tell, sealer, blobs }: { tell: Tell; sealer: Sealer; blobs: Blobs }): KeepFile =>
  async (person, { filename, mediaType, bytes }) => {
    const reserved = await tell(annals(person), reserveFile({ filename, mediaType }));
    if (!reserved.ok) throw new Error(`${reserved.error.code}: ${reserved.error.message}`);
    const { fileId } = reserved.result;
    const { blobId, key } = await storeSealed({ sealer, blobs }, { person, fileId, bytes });
    const uploaded = await tell(annals(person), uploadFile({ fileId, blobId, key, size: bytes.byteLength, mediaType }));
    if (!uploaded.ok) throw new Error(`${uploaded.error.code}: ${uploaded.error.message}`);
    return fileId;
  };

/** Encrypts the bytes of a reserved file under its own key, and stores them. */
export async function storeSealed(
  { sealer, blobs }: { readonly sealer: Sealer; readonly blobs: Blobs },
  { person, fileId, bytes }: { readonly person: string; readonly fileId: string; readonly bytes: Uint8Array },
): Promise<{ blobId: string; key: string }> {
  const blobId = `blob_${randomBytes(16).toString('hex')}`;
  const sealed = await sealer.sealBytes({ subject: person, scope: fileStream(fileId) }, blobId, bytes);
  await blobs.put(blobId, sealed.bytes);
  return { blobId, key: sealed.k };
}
