import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { isUnopened } from '../../domain/event.ts';
import { FileId } from '../../domain/ids.ts';
import { type QueryContext, query } from '../query.ts';
import { type FileDoc, fileList } from '../views/files.ts';
import { isOwn, ownerFilter } from './owned.ts';
import { pageFields, pageOptions } from './page.ts';
import { anyPerson } from './policy.ts';

/** A file as its owner sees it; the bytes are read by `content`, which no door shows. */
export interface FileInfo {
  readonly id: string;
  readonly status: 'reserved' | 'uploaded';
  readonly filename: string;
  readonly mediaType: string | null;
  readonly size: number | null;
  readonly createdAt: string;
  readonly content: { readonly blobId: string; readonly key: string } | null;
}

const Name = z.object({ filename: z.string(), mediaType: z.string().optional() });

async function shown({ id, doc }: StoredDocument<FileDoc>, { openDeep }: QueryContext): Promise<FileInfo> {
  const { name } = await openDeep({ name: doc.name });
  const { filename, mediaType } = isUnopened(name) ? { filename: name, mediaType: undefined } : Name.parse(name);
  const { status, blobId, key, size, createdAt } = doc;
  return {
    id,
    status,
    filename,
    mediaType: doc.mediaType ?? mediaType ?? null,
    size,
    createdAt,
    content: blobId === null || key === null ? null : { blobId, key },
  };
}

export const getFile = query('getFile', {
  input: z.object({ fileId: FileId }),
  policy: anyPerson,
  views: [fileList],
  run: async ({ fileId }, context) => {
    const document = await context.views.get(fileList, fileId);
    return document && isOwn(context.principal, document.doc) ? shown(document, context) : undefined;
  },
});

/** One's own files, the newest first. */
export const listFiles = query('listFiles', {
  input: z.object(pageFields(100)),
  policy: anyPerson,
  views: [fileList],
  run: async (page, context) => {
    const { documents, next } = await context.views.find(
      fileList,
      { owner: ownerFilter(context.principal) },
      { sort: [['createdAt', 'desc']], ...pageOptions(page, 20) },
    );
    return { files: await Promise.all(documents.map((document) => shown(document, context))), ...(next === undefined ? {} : { next }) };
  },
});
