import { z } from 'zod';
import { FileId } from '../../domain/ids.ts';
import { query } from '../query.ts';
import { fileList } from '../views/files.ts';
import { fileInfo } from './file-info.ts';
import { listFilter } from './owned.ts';
import { pageFields, pageOptions, Shared } from './page.ts';
import { anyPerson } from './policy.ts';
import { sharedWithMe } from './shared.ts';

export type { FileInfo } from './file-info.ts';

export const getFile = query('getFile', {
  input: z.object({ fileId: FileId }),
  policy: anyPerson,
  needs: 'file.view',
  views: [fileList],
  run: async ({ fileId }, context) => {
    if (!(await context.file(fileId))) return undefined;
    const document = await context.views.get(fileList, fileId);
    return document && fileInfo(document, context);
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
      return { files: await Promise.all(found.map((document) => fileInfo(document, context))), ...(next === undefined ? {} : { next }) };
    }
    const { documents, next } = await context.views.find(fileList, listFilter(context.principal, 'file.view'), {
      sort: [['createdAt', 'desc']],
      ...pageOptions(page, 20),
    });
    return { files: await Promise.all(documents.map((document) => fileInfo(document, context))), ...(next === undefined ? {} : { next }) };
  },
});
