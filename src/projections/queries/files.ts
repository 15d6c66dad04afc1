import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { isUnopened } from '../../domain/event.ts';
import { FileId } from '../../domain/ids.ts';
import { type QueryContext, query } from '../query.ts';
import { type FileDoc, fileList } from '../views/files.ts';
import { listFilter } from './owned.ts';
import { pageFields, pageOptions, Shared } from './page.ts';
import { anyPerson } from './policy.ts';
import { sharedWithMe } from './shared.ts';

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
  needs: 'file.view',
  views: [fileList],
  run: async ({ fileId }, context) => {
    if (!(await context.file(fileId))) return undefined;
    const document = await context.views.get(fileList, fileId);
    return document && shown(document, context);
  },
});

/** One's own files, the newest first; or those that are shared with one. */
export const listFiles = query('listFiles', {
  input: z.object({ shared: Shared, ...pageFields(100) }),
  policy: anyPerson,
  needs: 'file.view',
  views: [fileList],
  run: async ({ shared, ...page }, context) => {
    if (shared !== undefined) {
      const { found, next } = await sharedWithMe(context, fileList, 'file', page);
      return { files: await Promise.all(found.map((document) => shown(document, context))), ...(next === undefined ? {} : { next }) };
    }
    const { documents, next } = await context.views.find(fileList, listFilter(context.principal, 'file.view'), {
      sort: [['createdAt', 'desc']],
      ...pageOptions(page, 20),
    });
    return { files: await Promise.all(documents.map((document) => shown(document, context))), ...(next === undefined ? {} : { next }) };
  },
});
