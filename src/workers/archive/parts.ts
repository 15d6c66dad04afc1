import type { Blobs } from '../../adapters/blobs/port.ts';
import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import { isUnopened } from '../../domain/event.ts';

/** Where the sealed parts of a long file lie. */
export interface PartsPlace {
  readonly subject: string;
  /** Under which key. */
  readonly scope: string;
  /** The blob of the n-th part. */
  readonly name: (number: number) => string;
}
interface PartsParts {
  readonly sealer: Sealer;
  readonly blobs: Blobs;
}

const PART_BYTES = 4 * 1024 * 1024;

/** Seals a stream of bytes part by part; parts that an earlier attempt left behind the last one are deleted. Answers what reading it takes. */
export async function writeParts(
  { sealer, blobs }: PartsParts,
  { subject, scope, name }: PartsPlace,
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ key: string; parts: number; size: number }> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let parts = 0;
  let size = 0;
  let key = '';
  const put = async (): Promise<void> => {
    const sealed = await sealer.sealBytes({ subject, scope }, name(parts), Buffer.concat(held));
    await blobs.put(name(parts), sealed.bytes);
    key = sealed.k;
    parts++;
    held = [];
    heldBytes = 0;
  };
  for await (const chunk of chunks) {
    held.push(chunk);
    heldBytes += chunk.byteLength;
    size += chunk.byteLength;
    if (heldBytes >= PART_BYTES) await put();
  }
  if (heldBytes > 0 || parts === 0) await put();
  await deleteParts(blobs, name, parts);
  return { key, parts, size };
}

/** The bytes again, part by part; throws when one of them is gone. */
export async function* readParts({ sealer, blobs }: PartsParts, name: PartsPlace['name'], { key, parts }: { key: string; parts: number }) {
  for (let number = 0; number < parts; number++) {
    const bytes = await blobs.get(name(number));
    const opened = bytes && (await sealer.openBytes({ k: key, a: name(number), bytes: Buffer.from(bytes) }));
    if (opened === undefined || isUnopened(opened)) throw new Error('A part of the file is not there any more.');
    yield opened;
  }
}

/** From that number on, as far as there are any. */
export async function deleteParts(blobs: Blobs, name: PartsPlace['name'], from = 0): Promise<void> {
  for (let number = from; (await blobs.get(name(number))) !== undefined; number++) await blobs.delete(name(number));
}
