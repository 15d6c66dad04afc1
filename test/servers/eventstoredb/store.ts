import { fdatasyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { decodeFrame, encodeFrame } from './frame.ts';
import type { Numbered, Recorded } from './record.ts';

const MAGIC = Buffer.from('ESDOUBLE');

/** The log: a file that only grows, and all of its records in memory. */
export interface Store {
  /** All records in the order of their positions; grows. */
  readonly all: readonly Recorded[];
  /** The records of a stream by revision, whatever its retention; grows. */
  stream(name: string): readonly Recorded[];
  /** The index of the first record at this position or after it. */
  indexAt(position: number): number;
  /** Makes one append of these events: seen at once, kept only by `flush`, which must follow in the same turn of the event loop. */
  stage(events: readonly Numbered[]): readonly Recorded[];
  /** Writes what was staged through to the disk, then tells the listeners. */
  flush(): void;
  /** Calls this after each growth, until the returned function is called. */
  onGrowth(listener: () => void): () => void;
}

/** Opens the log in this folder; cuts off a last append that was not written to its end. */
export function openStore(folder: string): Store {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'events.log');
  const descriptor = openSync(file, 'a+');
  const all: Recorded[] = [];
  const streams = new Map<string, Recorded[]>();
  const listeners = new Set<() => void>();
  let staged: Buffer[] = [];

  const add = (record: Recorded): void => {
    all.push(record);
    const stream = streams.get(record.stream);
    if (stream) stream.push(record);
    else streams.set(record.stream, [record]);
  };
  let end = recover(descriptor, file, add);

  return {
    all,
    stream: (name) => streams.get(name) ?? [],
    indexAt: (position) => lowerBound(all, position),
    stage(events) {
      const { frame, records } = encodeFrame(events, end);
      staged.push(frame);
      end += frame.byteLength;
      records.forEach(add);
      return records;
    },
    flush() {
      if (staged.length === 0) return;
      writeWhole(descriptor, Buffer.concat(staged));
      fdatasyncSync(descriptor);
      staged = [];
      for (const listener of listeners) listener();
    },
    onGrowth(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Reads what is there and answers where the log ends. */
function recover(descriptor: number, file: string, add: (record: Recorded) => void): number {
  const log = readFileSync(file);
  if (log.byteLength < MAGIC.byteLength) {
    ftruncateSync(descriptor);
    writeWhole(descriptor, MAGIC);
    fdatasyncSync(descriptor);
    return MAGIC.byteLength;
  }
  let end = MAGIC.byteLength;
  for (let frame = decodeFrame(log, end); frame; frame = decodeFrame(log, end)) {
    frame.records.forEach(add);
    end = frame.end;
  }
  ftruncateSync(descriptor, end);
  fdatasyncSync(descriptor);
  return end;
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.byteLength; ) written += writeSync(descriptor, bytes, written);
}

function lowerBound(records: readonly Recorded[], position: number): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (records[middle]!.position < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
