import type { z } from 'zod';
import type { Json } from '../../domain/event.ts';
import { ExportedConversation, ExportedFile, ExportedMessage, ExportedPerson, Manifest } from '../../domain/export/format.ts';
import { ArchiveRefused, tarEntries } from '../archive/tar.ts';
import { unpack } from '../archive/unpack.ts';

/** What an import takes out of a file, in its order. All else that an export has is for the person to read. */
export type ArchiveItem =
  | { readonly kind: 'person'; readonly value: z.output<typeof ExportedPerson> }
  | { readonly kind: 'bytes'; readonly fileId: string; readonly bytes: Uint8Array }
  | { readonly kind: 'file'; readonly value: ExportedFile }
  | { readonly kind: 'conversation'; readonly value: ExportedConversation }
  | { readonly kind: 'message'; readonly value: ExportedMessage };

const MB = 1024 * 1024;
export const usualLimits = { bytes: 2048 * MB, ratio: 100, entryBytes: 100 * MB, entries: 20_000 };
export type ArchiveLimits = typeof usualLimits;

const NAMES =
  /^(?:manifest\.json|person\.json|bytes\/file-[A-Za-z0-9_-]{1,90}|(?:conversations|messages|files|credentials|events|audit|recipients|identities|jobs|shares)\/\d{6}\.jsonl)$/;
const MOST_DEPTH = 64;
const LINE_BYTES = 16 * MB;

/** Throws `ArchiveRefused` for whatever is no export, or too much of one. */
export async function* readArchive(packed: AsyncIterable<Uint8Array>, limits: ArchiveLimits = usualLimits): AsyncGenerator<ArchiveItem> {
  let known = false;
  for await (const { name, bytes } of tarEntries(unpack(packed, limits), { ...limits, names: NAMES })) {
    if (!known) {
      if (name !== 'manifest.json' || !Manifest.safeParse(parseJson(bytes)).success) throw new ArchiveRefused('ArchiveForeign');
      known = true;
    } else if (name === 'person.json') yield { kind: 'person', value: parsed(ExportedPerson, bytes) };
    else if (name.startsWith('bytes/')) yield { kind: 'bytes', fileId: name.slice('bytes/'.length), bytes };
    else if (name.startsWith('files/')) for (const line of linesOf(bytes)) yield { kind: 'file', value: parsed(ExportedFile, line) };
    else if (name.startsWith('conversations/'))
      for (const line of linesOf(bytes)) yield { kind: 'conversation', value: parsed(ExportedConversation, line) };
    else if (name.startsWith('messages/')) for (const line of linesOf(bytes)) yield { kind: 'message', value: parsed(ExportedMessage, line) };
  }
  if (!known) throw new ArchiveRefused('ArchiveForeign');
}

function* linesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.byteLength; ) {
    const end = bytes.indexOf(10, from);
    const to = end < 0 ? bytes.byteLength : end;
    if (to - from > LINE_BYTES) throw new ArchiveRefused('ArchiveTooLarge');
    if (to > from) yield bytes.subarray(from, to);
    from = to + 1;
  }
}

function parsed<Schema extends z.ZodType>(schema: Schema, bytes: Uint8Array): z.output<Schema> {
  const result = schema.safeParse(parseJson(bytes));
  if (!result.success) throw new ArchiveRefused('ArchiveInvalid');
  return result.data;
}

/** JSON in UTF-8 of 64 levels at most; a member named `__proto__` is left out. */
function parseJson(bytes: Uint8Array): Json {
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), (name, item) => (name === '__proto__' ? undefined : item));
  } catch {
    throw new ArchiveRefused('ArchiveInvalid');
  }
  const open: { within: object; depth: number }[] = [];
  const look = (item: unknown, depth: number): void => {
    if (typeof item === 'string' && !item.isWellFormed()) throw new ArchiveRefused('ArchiveInvalid');
    if (typeof item !== 'object' || item === null) return;
    if (depth > MOST_DEPTH) throw new ArchiveRefused('ArchiveInvalid');
    open.push({ within: item, depth });
  };
  look(value, 1);
  for (let next = open.pop(); next; next = open.pop()) for (const item of Object.values(next.within)) look(item, next.depth + 1);
  return value;
}
