import { randomBytes } from 'node:crypto';
import type { Blobs } from '../adapters/blobs/port.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import type { Uploads } from '../api/annals.ts';
import { isUnopened } from '../domain/event.ts';
import { fileStream } from '../domain/file.ts';
import { namingUnavailable } from './unavailable.ts';

/** The bytes of files, under the keys of their streams. */
export const createUploads = ({ sealer, blobs }: { readonly sealer: Sealer; readonly blobs: Blobs }): Uploads => ({
  async put({ principalId, fileId, bytes }) {
    const blobId = `blob_${randomBytes(16).toString('hex')}`;
    const sealed = await sealer.sealBytes({ subject: principalId, scope: fileStream(fileId) }, blobId, bytes);
    await namingUnavailable(() => blobs.put(blobId, sealed.bytes));
    return { blobId, key: sealed.k };
  },
  async get({ blobId, key }) {
    const bytes = await blobs.get(blobId);
    const opened = bytes && (await sealer.openBytes({ k: key, a: blobId, bytes: Buffer.from(bytes) }));
    return opened === undefined || isUnopened(opened) ? undefined : opened;
  },
});
