import { deleteFile } from '../../commands/file.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { FileId, PersonId } from '../../domain/ids.ts';
import { fileList } from '../../projections/views/files.ts';
import { eraseFile } from '../erase-conversation.ts';
import type { ErasureStep } from './parts.ts';
import { eachOf } from './seen.ts';
import { told } from './told.ts';

export const filesOf: ErasureStep = {
  name: 'files',
  erase: (parts, subjects, work) =>
    eachOf(parts, { view: fileList, field: 'owner', subjects, work }, async ({ id, doc }) => {
      const fileId = id as FileId;
      told(await parts.tell(annals(doc.owner as PersonId), deleteFile({ fileId })));
      await eraseFile(parts, fileId);
    }),
};
