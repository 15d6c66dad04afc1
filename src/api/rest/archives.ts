import { z } from 'zod';
import { reserveFile, uploadFile } from '../../commands/file.ts';
import { requestJob } from '../../commands/job.ts';
import { importJobOf } from '../../domain/export/index.ts';
import { FileId, JobId } from '../../domain/ids.ts';
import { mayDo } from '../../domain/principal.ts';
import { getExport, listExports } from '../../projections/queries/exports.ts';
import { json } from '../http/answer.ts';
import { asks, queryErrors } from '../http/asks.ts';
import { idempotencyKey } from '../http/preconditions.ts';
import { HttpError } from '../http/problem.ts';
import { type RouteDefinition, route, routes } from '../http/route.ts';
import { commandErrors } from '../http/tells.ts';

const tags = ['Privacy'];
const Started = z.object({ jobId: JobId });
const Export = z.object({
  jobId: z.string(),
  requestedAt: z.string(),
  ready: z.boolean(),
  size: z.int().nullable().describe('In bytes.'),
  expiresAt: z.string().nullable().describe('From then on it is gone.'),
});

const MB = 1024 * 1024;
/** What an import may have, packed. */
const MOST_BYTES = 200 * MB;

const startExport = route({
  method: 'POST',
  path: '/api/me/exports',
  summary: 'Have everything that is kept of you put into one file',
  description: 'A job: `GET /api/jobs/{jobId}` says how far it is. The file can be had for a day, by nobody else.',
  tags,
  responses: { 202: { description: 'Begun.', schema: Started }, ...commandErrors },
  handle: async ({ tell, principal, req }) => {
    const key = idempotencyKey(req);
    const told = await tell(requestJob({ kind: 'export', person: principal.id }), key === undefined ? {} : { key });
    if (!told.ok) throw new HttpError(told.error.code, told.error.message, told.error.details);
    return json(202, { jobId: told.result.jobId }, { Location: `/api/jobs/${told.result.jobId}` });
  },
});

const download = route({
  method: 'GET',
  path: '/api/me/exports/{jobId}/file',
  summary: 'The file of an export',
  description: 'A tar, packed with gzip; docs/export.md says what is in it.',
  tags,
  params: z.object({ jobId: JobId }),
  responses: { 200: { description: 'The bytes.', contentType: 'application/gzip', schema: z.string().meta({ format: 'binary' }) }, ...queryErrors },
  handle: async ({ ask, annals, params, req, res, signal }) => {
    const asked = await ask(getExport(params));
    if (!asked.ok) throw new HttpError(asked.error.code, asked.error.message, asked.error.details);
    const { content, size, requestedAt } = asked.data;
    res.writeHead(200, {
      'content-type': 'application/gzip',
      'content-length': String(size ?? 0),
      'content-disposition': `attachment; filename="annals-${requestedAt.slice(0, 10)}.tar.gz"`,
      'cache-control': 'private, no-store',
    });
    if (req.method === 'HEAD') return void res.end();
    for await (const part of annals.exports.read(content)) {
      if (signal.aborted || res.destroyed) return undefined;
      if (!res.write(part)) await new Promise<void>((go) => res.once('drain', go).once('close', go));
    }
    res.end();
    return undefined;
  },
});

const startImport = route({
  method: 'POST',
  path: '/api/me/imports',
  summary: 'Take in the file of an export, of this server or another',
  description:
    'A job: `GET /api/jobs/{jobId}` says how far it is. Everything becomes yours under new ids; what is there already stays, and nothing is begun by it.',
  tags,
  bytes: { description: 'The file of an export.', contentTypes: ['application/gzip', 'application/octet-stream'] },
  bodyLimit: MOST_BYTES,
  responses: { 202: { description: 'Begun.', schema: Started.extend({ fileId: FileId }) }, ...commandErrors },
  handle: async ({ tell, annals, principal, bytes }) => {
    if (principal.kind === 'anonymous' || principal.scopes !== undefined || !mayDo('write', principal))
      throw new HttpError('Forbidden', 'This token, or this role, takes in no exports.');
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw new HttpError('InvalidInput', 'This is no file of an export: it is not packed with gzip.');
    const done = <Result>(told: { ok: true; result: Result } | { ok: false; error: { code: string; message: string } }): Result => {
      if (!told.ok) throw new HttpError(told.error.code, told.error.message);
      return told.result;
    };
    const mediaType = 'application/gzip';
    const { fileId } = done(await tell(reserveFile({ filename: 'import.tar.gz', mediaType })));
    const stored = await annals.uploads.put({ principalId: principal.id, fileId, bytes, mediaType });
    done(await tell(uploadFile({ fileId, ...stored, size: bytes.byteLength, mediaType })));
    const jobId = importJobOf(fileId);
    done(await tell(requestJob({ jobId, kind: 'import', person: principal.id })));
    return json(202, { jobId, fileId }, { Location: `/api/jobs/${jobId}` });
  },
});

export const archiveRoutes: readonly RouteDefinition[] = [
  startExport,
  download,
  startImport,
  ...routes({
    'GET /api/me/exports': asks(listExports, {
      summary: 'One’s own exports that can be had, or are being written',
      tags,
      result: z.object({ exports: z.array(Export), next: z.string().optional() }),
    }),
  }),
];
