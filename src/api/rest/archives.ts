import { z } from 'zod';
import { reserveFile, uploadFile } from '../../commands/file.ts';
import { requestJob } from '../../commands/job.ts';
import { importJobOf } from '../../domain/export/index.ts';
import { FileId, JobId } from '../../domain/ids.ts';
import { mayDo } from '../../domain/principal.ts';
import { getExport, listExports } from '../../projections/queries/exports.ts';
import { json } from '../http/answer.ts';
import { asks, queryErrors } from '../http/asks.ts';
import { noteOf } from '../http/note.ts';
import { needed } from '../http/outcome.ts';
import { idempotencyKey } from '../http/preconditions.ts';
import { HttpError } from '../http/problem.ts';
import { asPrincipal, type RouteRequest } from '../http/request.ts';
import { openRoute, type RouteDefinition, route, routes } from '../http/route.ts';
import { createSignedAddresses, Signed } from '../http/signed-address.ts';
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

type ExportRequest = Pick<
  RouteRequest<{ jobId: JobId }>,
  'ask' | 'annals' | 'params' | 'req' | 'res' | 'signal' | 'principal' | 'kernel' | 'requestId'
>;
const WELCOME_MS = 2000;

/** Sends the file part by part, as long as whoever gets it still may have it. */
async function sendExport(request: ExportRequest, isWelcome: () => Promise<boolean> = async () => true): Promise<undefined> {
  const { annals, params, req, res, signal, principal } = request;
  const { content, size, requestedAt } = needed(await request.ask(getExport(params)));
  res.writeHead(200, {
    'content-type': 'application/gzip',
    'content-length': String(size ?? 0),
    'content-disposition': `attachment; filename="annals-${requestedAt.slice(0, 10)}.tar.gz"`,
    'cache-control': 'private, no-store',
  });
  if (req.method === 'HEAD') return void res.end();
  annals.security.record({ kind: 'data-exported', actor: principal.id, target: params.jobId, ...noteOf(request) });
  let asked = Date.now();
  for await (const part of annals.exports.read(content)) {
    if (Date.now() - asked > WELCOME_MS) {
      if (!(await isWelcome())) return void res.destroy();
      asked = Date.now();
    }
    if (signal.aborted || res.destroyed) return undefined;
    if (!res.write(part)) await new Promise<void>((go) => res.once('drain', go).once('close', go));
  }
  res.end();
  return undefined;
}

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

const bytes = { 200: { description: 'The bytes.', contentType: 'application/gzip', schema: z.string().meta({ format: 'binary' }) } };

const download = route({
  method: 'GET',
  path: '/api/me/exports/{jobId}/file',
  summary: 'The file of an export',
  description: 'A tar, packed with gzip; docs/export.md says what is in it.',
  tags,
  params: z.object({ jobId: JobId }),
  responses: { ...bytes, ...queryErrors },
  handle: (request) => sendExport(request),
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

const ADDRESS_MS = 10 * 60_000;

/** The file of an export by an address of its own, for a browser that saves it by itself: without a token, and without all of it in a page's memory. */
export function exportAddressRoutes({
  secret,
  publicUrl,
}: {
  readonly secret: Buffer;
  readonly publicUrl?: string | undefined;
}): readonly RouteDefinition[] {
  const addresses = createSignedAddresses(secret, publicUrl);
  const params = z.object({ jobId: JobId });
  const purpose = (jobId: string) => ['export', 'read', jobId] as const;
  return [
    route({
      method: 'POST',
      path: '/api/me/exports/{jobId}/address',
      summary: 'An address under which the file of an export can be saved',
      description: 'Good for ten minutes, without a token; never longer than the session or token that it was asked for with.',
      tags,
      params,
      responses: { 200: { description: 'The address.', schema: z.object({ url: z.url(), expiresAt: z.iso.datetime() }) }, ...queryErrors },
      handle: async ({ ask, req, principal, params: { jobId } }) => {
        needed(await ask(getExport({ jobId })));
        return json(200, addresses.sign(req, `/api/exports/${jobId}`, purpose(jobId), principal, Date.now() + ADDRESS_MS));
      },
    }),
    openRoute({
      method: 'GET',
      path: '/api/exports/{jobId}',
      summary: 'The file of an export, at an address that was given out for it',
      tags,
      params,
      query: Signed,
      responses: { ...bytes, ...queryErrors },
      handle: async (visit) => {
        const who = addresses.bearer(purpose(visit.params.jobId), visit.query);
        const granted = () => (who ? visit.kernel.identity.granted(who.id, who.grant) : Promise.resolve(undefined));
        const principal = await granted();
        if (!principal) throw new HttpError('NotFound', 'This address is not good, or no longer: ask for a new one.');
        const isWelcome = async () => (await granted()) !== undefined;
        return sendExport(asPrincipal(visit, { ok: true, principal, isWelcome }), isWelcome);
      },
    }),
  ];
}

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
