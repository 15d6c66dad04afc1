import { z } from 'zod';
import { isMetastream, LAST_REVISION, metastreamOf, type Recorded } from './record.ts';
import type { Store } from './store.ts';

const metadataOfStream = z.looseObject({ $tb: z.number().optional(), $maxCount: z.number().optional(), $maxAge: z.number().optional() });
type StreamMetadata = z.infer<typeof metadataOfStream>;

function metadataOf(store: Store, stream: string): StreamMetadata {
  const last = store.stream(metastreamOf(stream)).at(-1);
  if (!last) return {};
  try {
    return metadataOfStream.parse(JSON.parse(Buffer.from(last.data).toString()));
  } catch {
    return {};
  }
}

export const lastRevision = (store: Store, stream: string): bigint => store.stream(stream).at(-1)?.revision ?? -1n;
export const isTombstoned = (store: Store, stream: string): boolean => lastRevision(store, stream) === LAST_REVISION;
export const isDeletedSoftly = (store: Store, stream: string): boolean => (metadataOf(store, stream).$tb ?? 0) >= Number(LAST_REVISION);

/** The metadata of the stream as JSON with its `$tb` set to this; the rest stays. */
export function truncatedBefore(store: Store, stream: string, revision: bigint): Buffer {
  const { $tb: _, ...rest } = metadataOf(store, stream);
  const others = JSON.stringify(rest).slice(1, -1);
  return Buffer.from(`{${others}${others && ','}"$tb":${revision}}`);
}

/** The first index of the stream that is still shown, and whether a record is too old to be. */
export function shown(store: Store, stream: string): { readonly first: number; readonly tooOld: (record: Recorded) => boolean } {
  const { $tb = 0, $maxCount, $maxAge } = isMetastream(stream) ? { $maxCount: 1 } : metadataOf(store, stream);
  const oldest = $maxAge === undefined ? 0 : Date.now() - $maxAge * 1000;
  const first = Math.max($tb, $maxCount === undefined ? 0 : store.stream(stream).length - $maxCount);
  return { first, tooOld: (record) => record.created < oldest };
}
