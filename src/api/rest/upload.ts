import type { IncomingMessage } from 'node:http';
import { HttpError } from '../http/problem.ts';

export interface Upload {
  readonly filename: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Parts a form may have; we read one. */
const MOST_PARTS = 20;

/** The one file of a form, or the body itself. */
export async function readUpload(req: IncomingMessage, body: Buffer, filename: string | undefined): Promise<Upload> {
  const contentType = req.headers['content-type'] ?? '';
  if (/^multipart\/form-data\b/i.test(contentType)) return fromForm(contentType, body, filename);
  if (filename === undefined || filename.trim() === '')
    throw new HttpError('InvalidInput', 'Name the file: ?filename=…, or send it as multipart/form-data.');
  return { filename, mediaType: mediaTypeOf(contentType), bytes: body };
}

async function fromForm(contentType: string, body: Buffer, filename: string | undefined): Promise<Upload> {
  const boundary = /boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  const delimiter = boundary?.[1] ?? boundary?.[2];
  if (delimiter === undefined) throw new HttpError('InvalidInput', 'The form names no boundary.');
  if (occurrences(body, `--${delimiter}`) > MOST_PARTS + 1) throw new HttpError('InvalidInput', `The form has more than ${MOST_PARTS} parts.`);
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData().catch(() => undefined);
  const files = [...(form?.values() ?? [])].filter((value) => typeof value !== 'string');
  const [file] = files;
  if (file === undefined || files.length > 1) throw new HttpError('InvalidInput', 'The form must have exactly one file in it.');
  return { filename: filename ?? (file.name || 'file'), mediaType: mediaTypeOf(file.type), bytes: await file.bytes() };
}

function occurrences(body: Buffer, text: string): number {
  let count = 0;
  for (let at = body.indexOf(text); at >= 0 && count <= MOST_PARTS + 1; at = body.indexOf(text, at + text.length)) count++;
  return count;
}

const mediaTypeOf = (contentType: string): string => contentType.split(';')[0]?.trim().toLowerCase().slice(0, 255) || 'application/octet-stream';
