import { z } from 'zod';
import { reserveFile } from '../../commands/file.ts';
import { FileId } from '../../domain/ids.ts';
import { auiFile } from '../../projections/queries/assistant-ui-files.ts';
import { json } from '../http/answer.ts';
import { done, needed } from '../http/outcome.ts';
import { HttpError } from '../http/problem.ts';
import { asPrincipal, type Visit } from '../http/request.ts';
import { openRoute, type RouteDefinition, route } from '../http/route.ts';
import { Signed } from '../http/signed-address.ts';
import { asJson, cloudErrors, cloudRefusals, notHere, nothing, tags } from './answers.ts';
import type { Dialect } from './dialect.ts';
import { FILES_PATH } from './file-addresses.ts';
import { MAX_FILE_BYTES, store } from './own-files.ts';
import { PdfImagesRequest, PresignedDownloadRequest, PresignedUploadRequest } from './wire/cloud-requests.ts';
import { EmptyResponse, PresignedDownloadResponse, PresignedUploadResponse } from './wire/thread-json.ts';

const Params = z.object({ fileId: FileId });
/** Shown in the page; everything else is offered for saving. */
const SHOWN = /^(?:image\/(?!svg)|audio\/|video\/|application\/pdf$|text\/plain)/;

export function fileRoutes({ addresses }: Dialect): readonly RouteDefinition[] {
  const reserve = route({
    method: 'POST',
    path: '/aui/v1/files/attachments/generate-presigned-upload-url',
    summary: 'An address to put a file at',
    description:
      '`signedUrl` takes one PUT of the bytes within 15 minutes; `publicUrl` shows the file to whoever has it, for a day. In messages it stands for the file for good.',
    tags,
    body: PresignedUploadRequest,
    errors: cloudErrors,
    responses: { 200: { description: 'The addresses.', schema: PresignedUploadResponse }, ...cloudRefusals },
    handle: async ({ tell, req, principal, body }) => {
      const { filename, content_type: mediaType } = body;
      const { fileId } = done(await tell(reserveFile({ filename, ...(mediaType ? { mediaType } : {}) }))).result;
      const { url, expiresAt } = addresses.upload(req, principal, fileId);
      return json(200, { success: true, signedUrl: url, expiresAt, publicUrl: addresses.read(req, principal, fileId).url, key: fileId });
    },
  });

  const download = route({
    method: 'POST',
    path: '/aui/v1/files/attachments/generate-presigned-download-url',
    summary: 'A fresh address to read a file at',
    tags,
    body: PresignedDownloadRequest,
    errors: cloudErrors,
    responses: { 200: { description: 'The address.', schema: PresignedDownloadResponse }, ...cloudRefusals },
    handle: async ({ ask, req, principal, body }) => {
      const fileId = 'key' in body ? FileId.safeParse(body.key).data : addresses.links(req, principal).idOf(body.url);
      if (fileId === undefined) throw notHere('file');
      needed(await ask(auiFile({ fileId })));
      const { url, expiresAt } = addresses.read(req, principal, fileId);
      return json(200, { signedUrl: url, expiresAt, key: fileId });
    },
  });

  /** The visit as a request of whom the address was made for; an address that is not good shows nothing. */
  const bearer = async (visit: Visit<z.output<typeof Params>, Signed>, purpose: 'read' | 'upload') => {
    const who = addresses.bearer(purpose, visit.params.fileId, visit.query);
    const principal = who && (await visit.kernel.identity.granted(who.id, who.grant));
    if (!principal) throw notHere('file');
    return asPrincipal(visit, { ok: true, principal, isWelcome: async () => true });
  };

  const put = openRoute({
    method: 'PUT',
    path: `${FILES_PATH}{fileId}`,
    summary: 'The bytes of a file',
    description: 'At an address given out for it; once.',
    tags,
    params: Params,
    query: Signed,
    bytes: { description: 'The file.', contentTypes: ['*/*'] },
    bodyLimit: MAX_FILE_BYTES,
    errors: cloudErrors,
    responses: {
      200: { description: 'Kept.', schema: EmptyResponse },
      409: asJson('The file has been uploaded already.'),
      ...cloudRefusals,
    },
    handle: async (visit) => {
      const request = await bearer(visit, 'upload');
      const { fileId } = visit.params;
      const { status } = needed(await request.ask(auiFile({ fileId })));
      if (status === 'uploaded') throw new HttpError('FileUploaded', 'This file has been uploaded already: ask for a new upload address.');
      await store(request, fileId, visit.bytes, mediaTypeOf(visit.req.headers['content-type']));
      return nothing;
    },
  });

  const read = openRoute({
    method: 'GET',
    path: `${FILES_PATH}{fileId}`,
    summary: 'A file, as `<img src>` reads it',
    description: 'The address carries the signature; it is good for one file, one person and a time.',
    tags,
    params: Params,
    query: Signed,
    errors: cloudErrors,
    responses: { 200: { description: 'The bytes.', contentType: 'application/octet-stream' }, ...cloudRefusals },
    handle: async (visit) => {
      const request = await bearer(visit, 'read');
      const { blobId, key, mediaType = 'application/octet-stream' } = needed(await request.ask(auiFile({ fileId: visit.params.fileId })));
      const bytes = blobId === undefined || key === undefined ? undefined : await visit.annals.uploads.get({ blobId, key });
      if (!bytes) throw notHere('file');
      const headers = {
        'content-type': mediaType,
        'content-disposition': SHOWN.test(mediaType) ? 'inline' : 'attachment',
        'content-security-policy': "default-src 'none'; sandbox",
        'cross-origin-resource-policy': 'cross-origin',
        'cache-control': 'private, max-age=3600',
      };
      return { status: 200, headers, bytes };
    },
  });

  const pdf = route({
    method: 'POST',
    path: '/aui/v1/files/pdf-to-images',
    summary: 'Refused: pages of a PDF are not drawn here',
    tags,
    body: PdfImagesRequest,
    bodyLimit: MAX_FILE_BYTES,
    errors: cloudErrors,
    responses: { 501: asJson('Not offered.') },
    handle: async () => json(501, { error: 'NotImplemented', message: 'This server does not draw the pages of a PDF: send the PDF itself.' }),
  });

  return [reserve, download, pdf, put, read];
}

/** What a header says, if it is a media type at all: it is given back word for word. */
const mediaTypeOf = (header: string | undefined): string => {
  const given = header?.trim() ?? '';
  return /^[\w.+-]+\/[\w.+-]+(?:\s*;[\x20-\x7e]*)?$/.test(given) && given.length <= 255 ? given : 'application/octet-stream';
};
