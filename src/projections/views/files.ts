import type { JsonObject } from '../../domain/event.ts';
import { fileEvents } from '../../domain/file.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

export interface FileDoc extends JsonObject {
  owner: string;
  status: 'reserved' | 'uploaded';
  name: SealedJson;
  blobId: string | null;
  key: string | null;
  size: number | null;
  mediaType: string | null;
  createdAt: string;
}

export const fileList = view<FileDoc, (typeof fileEvents)[number]>({
  name: 'files',
  version: 1,
  types: fileEvents,
  indexes: [['owner', 'createdAt']],
  keys: ({ data }) => [data.fileId],
  fold: (doc, event) => {
    switch (event.type) {
      case 'FileReserved': {
        const { subject, time } = event.metadata;
        return {
          owner: subject,
          status: 'reserved',
          name: sealedJson(event.data.sealed),
          blobId: null,
          key: null,
          size: null,
          mediaType: null,
          createdAt: time,
        };
      }
      case 'FileUploaded': {
        const { blobId, key, size, mediaType } = event.data;
        return doc && { ...doc, status: 'uploaded', blobId, key, size, mediaType };
      }
      case 'FileDeleted':
        return 'delete';
      case 'FileShared':
      case 'FileUnshared':
        return undefined;
      default:
        event satisfies never;
        return undefined;
    }
  },
});
