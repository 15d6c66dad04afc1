import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { isUnopened } from '../../domain/event.ts';
import type { QueryContext } from '../query.ts';
import type { FileDoc } from '../views/files.ts';

/** A file as its owner sees it; the bytes are read by `content`, which no door shows. */
export interface FileInfo {
  readonly id: string;
  readonly status: 'reserved' | 'uploaded';
  readonly filename: string;
  readonly mediaType: string | null;
  readonly size: number | null;
  readonly createdAt: string;
  readonly content: { readonly blobId: string; readonly key: string } | null;
}

const Name = z.object({ filename: z.string(), mediaType: z.string().optional() });

/** What is known of a file, opened. */
export async function fileInfo({ id, doc }: StoredDocument<FileDoc>, { openDeep }: Pick<QueryContext, 'openDeep'>): Promise<FileInfo> {
  const { name } = await openDeep({ name: doc.name });
  const { filename, mediaType } = isUnopened(name) ? { filename: name, mediaType: undefined } : Name.parse(name);
  const { status, blobId, key, size, createdAt } = doc;
  return {
    id,
    status,
    filename,
    mediaType: doc.mediaType ?? mediaType ?? null,
    size,
    createdAt,
    content: blobId === null || key === null ? null : { blobId, key },
  };
}
