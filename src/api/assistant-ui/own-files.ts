import { createHash } from 'node:crypto';
import { reserveFile, uploadFile } from '../../commands/file.ts';
import type { FileId } from '../../domain/ids.ts';
import type { Part } from '../../domain/message.ts';
import { auiFile } from '../../projections/queries/assistant-ui-files.ts';
import { done } from '../http/outcome.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import { notHere } from './answers.ts';

export const MAX_FILE_BYTES = 25 * 1024 * 1024;

/** The parts with files in data urls turned into files of ours, so that events stay small; a file of ours must be the principal's own. */
export async function withOwnFiles(request: RouteRequest, scope: string, parts: readonly Part[]): Promise<Part[]> {
  return Promise.all(parts.map((part) => (part.type === 'file' ? ownFile(request, scope, part) : part)));
}

async function ownFile(request: RouteRequest, scope: string, part: Part & { type: 'file' }): Promise<Part> {
  if (part.fileId !== undefined) {
    if (!(await request.ask(auiFile({ fileId: part.fileId }))).ok) throw notHere('file');
    return part;
  }
  const data = part.url === undefined ? undefined : readDataUrl(part.url);
  if (!data) return part;
  const { url: _, ...rest } = part;
  return { ...rest, fileId: await keep(request, scope, data, part.mediaType, part.filename ?? 'file') };
}

/** The same bytes under the same name in one thread are one file, however often a client sends them. */
async function keep(request: RouteRequest, scope: string, bytes: Buffer, mediaType: string, filename: string): Promise<FileId> {
  const key = JSON.stringify(['data', scope, filename, mediaType, createHash('sha256').update(bytes).digest('hex')]);
  const { fileId } = done(await request.tell(reserveFile({ filename: filename.slice(0, 255), mediaType }), { key })).result;
  const known = await request.ask(auiFile({ fileId }));
  if (!known.ok) throw notHere('file');
  if (known.data.status === 'reserved') await store(request, fileId, bytes, mediaType);
  return fileId;
}

/** Encrypts and keeps the bytes of a reserved file. An upload that another request has completed in between is as good. */
export async function store(
  { annals, tell, principal }: Pick<RouteRequest, 'annals' | 'tell' | 'principal'>,
  fileId: FileId,
  bytes: Uint8Array,
  mediaType: string,
): Promise<void> {
  const { blobId, key } = await annals.uploads.put({ principalId: principal.id, fileId, bytes, mediaType });
  const told = await tell(uploadFile({ fileId, blobId, key, size: bytes.byteLength, mediaType }));
  if (!told.ok && told.error.code !== 'FileUploaded') done(told);
}

function readDataUrl(url: string): Buffer | undefined {
  if (!url.startsWith('data:')) return undefined;
  const comma = url.indexOf(',');
  const head = url.slice(0, comma);
  const body = url.slice(comma + 1);
  if (comma < 0) throw new HttpError('InvalidInput', 'A file of this message is not a data URL that can be read.');
  const bytes = head.endsWith(';base64') ? Buffer.from(body, 'base64') : percentDecoded(body);
  if (bytes.byteLength > MAX_FILE_BYTES) throw new HttpError('TooLarge', `A file may have at most ${MAX_FILE_BYTES / 1024 / 1024} MB.`);
  return bytes;
}

function percentDecoded(text: string): Buffer {
  try {
    return Buffer.from(decodeURIComponent(text));
  } catch {
    throw new HttpError('InvalidInput', 'A file of this message is not a data URL that can be read.');
  }
}
