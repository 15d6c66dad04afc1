import { z } from 'zod';
import { deleteFile, reserveFile, uploadFile } from '../../commands/file.ts';
import { FileId } from '../../domain/ids.ts';
import { type FileInfo, getFile, listFiles } from '../../projections/queries/files.ts';
import { json } from '../http/answer.ts';
import { asks, queryErrors } from '../http/asks.ts';
import { etag, idempotencyKey, outerPosition } from '../http/preconditions.ts';
import { HttpError } from '../http/problem.ts';
import { type RouteDefinition, route, routes } from '../http/route.ts';
import { commandErrors, tells } from '../http/tells.ts';
import { fileDownload } from './file-download.ts';
import { Done, File, FilePage } from './schemas.ts';
import { readUpload } from './upload.ts';

const tags = ['Files'];

/** Without where the bytes lie. */
const shown = ({ content: _content, ...info }: FileInfo): Omit<FileInfo, 'content'> => info;

const upload = route({
  method: 'POST',
  path: '/api/files',
  summary: 'Upload a file',
  description: 'As `multipart/form-data` with one file, or as the bare bytes with `?filename=` and their Content-Type. Stored encrypted.',
  tags,
  query: z.object({ filename: z.string().max(255).optional() }),
  bytes: { description: 'The file.', contentTypes: ['multipart/form-data', 'application/octet-stream'] },
  responses: {
    201: { description: 'Stored.', schema: z.object({ fileId: FileId, filename: z.string(), mediaType: z.string(), size: z.int() }) },
    ...commandErrors,
  },
  handle: async (request) => {
    const { req, annals, principal } = request;
    const { filename, mediaType, bytes } = await readUpload(req, request.bytes, request.query.filename);
    const key = idempotencyKey(req);
    const reserved = await request.tell(reserveFile({ filename, mediaType }), key === undefined ? {} : { key });
    if (!reserved.ok) throw new HttpError(reserved.error.code, reserved.error.message, reserved.error.details);
    const { fileId } = reserved.result;
    const answered = (position: string, revision: bigint) =>
      json(
        201,
        { fileId, filename, mediaType, size: bytes.byteLength },
        {
          ETag: etag(String(revision), position),
          'Annals-Position': outerPosition(annals, position),
          Location: `/api/files/${fileId}`,
        },
      );
    const before = reserved.duplicate ? await request.ask(getFile({ fileId })) : undefined;
    if (before?.ok && before.data.status === 'uploaded') return answered(reserved.position, reserved.revision);
    const put = await annals.uploads.put({ principalId: principal.id, fileId, bytes, mediaType });
    const told = await request.tell(uploadFile({ fileId, ...put, size: bytes.byteLength, mediaType }));
    if (!told.ok) throw new HttpError(told.error.code, told.error.message, told.error.details);
    return answered(told.position, told.revision);
  },
});

const content = route({
  method: 'GET',
  path: '/api/files/{fileId}/content',
  summary: 'The bytes of a file, as a download',
  tags,
  params: z.object({ fileId: FileId }),
  responses: {
    200: { description: 'The bytes.', contentType: 'application/octet-stream', schema: z.string().meta({ format: 'binary' }) },
    ...queryErrors,
  },
  handle: async (request) => {
    const asked = await request.ask(getFile(request.params));
    if (!asked.ok) throw new HttpError(asked.error.code, asked.error.message, asked.error.details);
    const bytes = asked.data.content && (await request.annals.uploads.get(asked.data.content));
    if (!bytes) throw new HttpError('NotFound', 'The bytes of this file are not here: they have not been uploaded, or have been erased.');
    return fileDownload(asked.data, bytes);
  },
});

export const fileRoutes: readonly RouteDefinition[] = [
  upload,
  content,
  ...routes({
    'GET /api/files': asks(listFiles, {
      summary: 'One’s own files, the newest first',
      tags,
      result: FilePage,
      answer: ({ files, ...rest }) => ({ files: files.map(shown), ...rest }),
    }),
    'GET /api/files/{fileId}': asks(getFile, { summary: 'One file', tags, result: File, answer: shown }),
    'DELETE /api/files/{fileId}': tells(deleteFile, { summary: 'Delete a file for good', tags, result: Done }),
  }),
];
