import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { Numbered, Recorded } from './record.ts';

/**
 * A frame is one append: u32 length and u32 CRC-32 of what follows, then its events.
 * An event is three parts, each with its u32 length: a JSON array of its fields, its metadata, its data.
 */
const HEAD = 8;
const fields = z.tuple([z.string(), z.string(), z.string(), z.string(), z.string(), z.number()]);

function withLength(part: Uint8Array): Uint8Array[] {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(part.byteLength);
  return [length, part];
}

function encodeEvent(event: Numbered): Buffer {
  const header = JSON.stringify([event.stream, event.revision.toString(), event.id, event.type, event.contentType, event.created]);
  return Buffer.concat([Buffer.from(header), event.metadata, event.data].flatMap(withLength));
}

/** The frame of these events when it begins at this offset, and the events with their positions. */
export function encodeFrame(events: readonly Numbered[], offset: number): { readonly frame: Buffer; readonly records: Recorded[] } {
  const parts = events.map(encodeEvent);
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(HEAD);
  head.writeUInt32LE(body.byteLength, 0);
  head.writeUInt32LE(crc32(body), 4);
  let position = offset + HEAD;
  const records = events.map((event, index) => {
    const record = { ...event, position };
    position += parts[index]!.byteLength;
    return record;
  });
  return { frame: Buffer.concat([head, body]), records };
}

function decodeEvent(log: Buffer, position: number): { readonly record: Recorded; readonly end: number } {
  let at = position;
  const part = (): Buffer => {
    const start = at + 4;
    at = start + log.readUInt32LE(at);
    return log.subarray(start, at);
  };
  const [stream, revision, id, type, contentType, created] = fields.parse(JSON.parse(part().toString()));
  const metadata = part();
  const data = part();
  return { record: { stream, revision: BigInt(revision), id, type, contentType, created, metadata, data, position }, end: at };
}

/** The events of the frame at this offset and where it ends, or nothing when it was not written to its end. */
export function decodeFrame(log: Buffer, offset: number): { readonly records: Recorded[]; readonly end: number } | undefined {
  if (offset + HEAD > log.byteLength) return undefined;
  const end = offset + HEAD + log.readUInt32LE(offset);
  if (end > log.byteLength || crc32(log.subarray(offset + HEAD, end)) !== log.readUInt32LE(offset + 4)) return undefined;
  const records: Recorded[] = [];
  for (let at = offset + HEAD; at < end; ) {
    const decoded = decodeEvent(log, at);
    records.push(decoded.record);
    at = decoded.end;
  }
  return { records, end };
}
