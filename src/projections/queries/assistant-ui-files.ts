import { z } from 'zod';
import { FileId } from '../../domain/ids.ts';
import { query } from '../query.ts';
import { anyPerson } from './policy.ts';

/** A file that the principal may see, as its stream has it. */
export const auiFile = query('auiFile', {
  input: z.object({ fileId: FileId }),
  policy: anyPerson,
  needs: 'file.view',
  views: [],
  run: async ({ fileId }, context) => context.file(fileId),
});
