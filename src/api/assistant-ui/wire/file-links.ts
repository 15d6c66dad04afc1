import { FileId } from '../../../domain/ids.ts';
import type { Part } from '../../../domain/message.ts';

/** How files of ours are named towards clients. `idOf(urlOf(id))` is `id`; who may read the file is checked where it is read, never here. */
export type FileLinks = { readonly urlOf: (fileId: FileId) => string; readonly idOf: (url: string) => FileId | undefined };

const path = '/api/files/';

/** Links by path on our own host. */
export const fileLinks: FileLinks = {
  urlOf: (fileId) => `${path}${fileId}`,
  idOf: (url) => (url.startsWith(path) ? FileId.safeParse(url.slice(path.length).split(/[/?#]/, 1)[0]).data : undefined),
};

/** A file by url: ours where the link says so, else a foreign one. */
export const fileFrom = (mediaType: string, url: string | undefined, filename: string | undefined, links: FileLinks): Part => {
  const fileId = url === undefined ? undefined : links.idOf(url);
  return {
    type: 'file',
    mediaType,
    ...(filename === undefined ? {} : { filename }),
    ...(fileId === undefined ? {} : { fileId }),
    ...(fileId !== undefined || url === undefined || url === '' ? {} : { url }),
  };
};

export const urlOfFile = (part: Part & { type: 'file' }, links: FileLinks) =>
  part.fileId === undefined ? (part.url ?? '') : links.urlOf(part.fileId);
