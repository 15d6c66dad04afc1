import { z } from 'zod';
import { FileId } from '../../domain/ids.ts';
import { query } from '../query.ts';
import { fileList } from '../views/files.ts';
import { fileInfo } from './file-info.ts';
import { isOwn, ownerFilter } from './owned.ts';
import { pageFields, pageOptions } from './page.ts';
import { anyPerson } from './policy.ts';

export type { FileInfo } from './file-info.ts';

export const getFile = query('getFile', {
  input: z.object({ fileId: FileId }),
  policy: anyPerson,
  views: [fileList],
  run: async ({ fileId }, context) => {
    const document = await context.views.get(fileList, fileId);
    return document && isOwn(context.principal, document.doc) ? fileInfo(document, context) : undefined;
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
    return { files: await Promise.all(documents.map((document) => fileInfo(document, context))), ...(next === undefined ? {} : { next }) };
  },
});
