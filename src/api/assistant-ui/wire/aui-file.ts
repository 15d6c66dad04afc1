import type { Part } from '../../../domain/message.ts';
import type { FileLinks } from './file-links.ts';
import { fileFrom, urlOfFile } from './file-links.ts';
import type { JsonObject } from './json.ts';
import { isRecord, stringOf, withoutUndefined } from './json.ts';

type FilePart = Part & { type: 'file' };

const extensions: Readonly<Record<string, string>> = { jpg: 'image/jpeg', svg: 'image/svg+xml', ico: 'image/x-icon', tif: 'image/tiff' };
const plainExtensions = ['jpeg', 'png', 'gif', 'webp', 'avif', 'bmp', 'tiff', 'heic', 'heif'];

const dataUrlType = (url: string) => /^data:([^;,]+)/i.exec(url)?.[1]?.toLowerCase();

const extensionType = (url: string) => {
  const extension = url.split(/[?#]/, 1)[0]?.split('.').at(-1)?.toLowerCase() ?? '';
  return extensions[extension] ?? (plainExtensions.includes(extension) ? `image/${extension}` : undefined);
};

const isUrl = (data: string) => /^[a-z][a-z0-9+.-]*:/i.test(data) || data.startsWith('/');

/** A `file` part's data is a url or bare base64. */
export const fileOfData = (data: string, mediaType: string | undefined, filename: string | undefined, links: FileLinks): Part => {
  const type = mediaType ?? dataUrlType(data) ?? 'application/octet-stream';
  return fileFrom(type, data === '' || isUrl(data) ? data : `data:${type};base64,${data}`, filename, links);
};

/** An `image` or `file` part of assistant-ui; the attachment around it may know its type and name. */
export const fileFromAui = (part: Record<string, unknown>, links: FileLinks, contentType?: string, name?: string): Part | undefined => {
  const filename = stringOf(part['filename']) ?? name;
  if (part['type'] === 'image' && typeof part['image'] === 'string') {
    const mediaType = dataUrlType(part['image']) ?? contentType ?? extensionType(part['image']) ?? 'image/png';
    return fileFrom(mediaType, part['image'], filename, links);
  }
  if (part['type'] !== 'file' || typeof part['data'] !== 'string') return undefined;
  return fileOfData(part['data'], stringOf(part['mimeType']) ?? contentType, filename, links);
};

export const auiFromFile = (part: FilePart, links: FileLinks): JsonObject =>
  withoutUndefined({ type: 'file', data: urlOfFile(part, links), mimeType: part.mediaType, filename: part.filename });

const isImage = (part: FilePart) => part.mediaType.startsWith('image/');

/** A person's file as assistant-ui's composer attaches it, so that it is shown in the same place. */
export const attachmentFrom = (part: FilePart, index: number, links: FileLinks): JsonObject => ({
  id: String(index),
  type: isImage(part) ? 'image' : 'file',
  name: part.filename ?? 'file',
  contentType: part.mediaType,
  status: { type: 'complete' },
  content: [isImage(part) ? withoutUndefined({ type: 'image', image: urlOfFile(part, links), filename: part.filename }) : auiFromFile(part, links)],
});

/** What stands in an attachment, each piece with the attachment's type and name. */
export const attachedPieces = (value: unknown): readonly { piece: unknown; contentType: string | undefined; name: string | undefined }[] =>
  isRecord(value) && Array.isArray(value['content'])
    ? value['content'].map((piece: unknown) => ({ piece, contentType: stringOf(value['contentType']), name: stringOf(value['name']) }))
    : [];
