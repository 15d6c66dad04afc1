import type { Blobs } from '../adapters/blobs/port.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import type { Uploads } from '../api/annals.ts';
import { isUnopened } from '../domain/event.ts';
import { storeSealed } from '../workers/keep-file.ts';
import { namingUnavailable } from './unavailable.ts';

/** Bytes of files, encrypted and stored; a full disk is named as what it is. */
export const createUploads = (parts: { readonly sealer: Sealer; readonly blobs: Blobs }): Uploads => ({
  put: ({ principalId, fileId, bytes }) => namingUnavailable(() => storeSealed(parts, { person: principalId, fileId, bytes })),
  async get({ blobId, key }) {
    const bytes = await parts.blobs.get(blobId);
    const opened = bytes && (await parts.sealer.openBytes({ k: key, a: blobId, bytes: Buffer.from(bytes) }));
    return opened === undefined || isUnopened(opened) ? undefined : opened;
  },
});
