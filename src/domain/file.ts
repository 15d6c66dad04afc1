import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event, sealed } from './event.ts';
import { FileId, type PersonId } from './ids.ts';
import { decideShare, decideUnshare, type ShareLevel, type Shares, shareFields, unshareFields } from './share.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

export const FileReserved = event('FileReserved', 1, { fileId: FileId, ...sealed({ filename: z.string(), mediaType: z.string().optional() }) });
/** The bytes are a blob, encrypted under the key of this stream; `key` and `blobId` say how to read them. */
export const FileUploaded = event('FileUploaded', 1, {
  fileId: FileId,
  blobId: z.string(),
  key: z.string(),
  size: z.number().int(),
  mediaType: z.string(),
});
export const FileDeleted = event('FileDeleted', 1, { fileId: FileId });
export const FileShared = event('FileShared', 1, { fileId: FileId, ...shareFields });
export const FileUnshared = event('FileUnshared', 1, { fileId: FileId, ...unshareFields });

export const fileEvents = [FileReserved, FileUploaded, FileDeleted, FileShared, FileUnshared] as const;
type FileEvent = EventOf<(typeof fileEvents)[number]>;

export interface StoredFile {
  owner?: PersonId;
  status: 'absent' | 'reserved' | 'uploaded' | 'deleted';
  blobId?: string;
  key?: string;
  size?: number;
  mediaType?: string;
  readonly shares: Shares;
}

export type FileCommand =
  | { name: 'reserveFile'; filename: string; mediaType?: string }
  | { name: 'uploadFile'; fileId: FileId; blobId: string; key: string; size: number; mediaType: string }
  | { name: 'deleteFile'; fileId: FileId }
  | { name: 'shareFile'; fileId: FileId; with: string; level: ShareLevel }
  | { name: 'unshareFile'; fileId: FileId; with: string }
  | { name: 'importFile'; fileId: FileId; filename: string; mediaType: string; blobId: string; key: string; size: number; createdAt: string };

export const fileStream = (id: string): string => `file-${id}`;

export const files: Decider<StoredFile, FileCommand, FileEvent> = {
  initialState: () => ({ status: 'absent', shares: new Map() }),
  evolve: (state, event) => {
    switch (event.type) {
      case 'FileReserved':
        state.owner = event.metadata.subject;
        state.status = 'reserved';
        return state;
      case 'FileUploaded': {
        const { blobId, key, size, mediaType } = event.data;
        return Object.assign(state, { status: 'uploaded', blobId, key, size, mediaType });
      }
      case 'FileDeleted':
        state.status = 'deleted';
        return state;
      case 'FileShared':
        state.shares.set(event.data.with, event.data.level);
        return state;
      case 'FileUnshared':
        state.shares.delete(event.data.with);
        return state;
      default:
        event satisfies never;
        return state;
    }
  },
  decide: (command, state, { newId, now }) => {
    switch (command.name) {
      case 'reserveFile':
        return [FileReserved({ fileId: newId('file-') as FileId, filename: command.filename, mediaType: command.mediaType })];
      case 'uploadFile': {
        if (state.status === 'uploaded') return refuse('FileUploaded', 'This file has been uploaded already: ask for a new upload address.');
        if (state.status !== 'reserved') return refuse('NotFound', 'There is no such file.');
        const { fileId, blobId, key, size, mediaType } = command;
        return [FileUploaded({ fileId, blobId, key, size, mediaType })];
      }
      case 'importFile': {
        if (state.status !== 'absent') return [];
        const { fileId, filename, mediaType, blobId, key, size, createdAt } = command;
        const at = createdAt < now ? createdAt : now;
        return [
          { ...FileReserved({ fileId, filename, mediaType }), at },
          { ...FileUploaded({ fileId, blobId, key, size, mediaType }), at },
        ];
      }
      case 'deleteFile':
        return state.status === 'deleted' || state.status === 'absent' ? [] : [FileDeleted({ fileId: command.fileId })];
      case 'shareFile':
        if (!isThere(state)) return refuse('NotFound', 'There is no such file.');
        return decideShare(state, command, () => FileShared({ ...command, with: command.with as never }));
      case 'unshareFile':
        return decideUnshare(state, command, () => FileUnshared({ ...command, with: command.with as never }));
      default:
        return command satisfies never;
    }
  },
};

export const isThere = ({ status }: Pick<StoredFile, 'status'>): boolean => status === 'reserved' || status === 'uploaded';
