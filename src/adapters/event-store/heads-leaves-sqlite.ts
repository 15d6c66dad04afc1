import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import type { Leaves } from '../evidence/port.ts';
import { positionOf } from './encode.ts';
import { openForReading } from './sqlite-file.ts';

const PAGE_EVENTS = 1000;

/** The leaves that the log in the folder keeps beside its events; opened for each use, so that there is nothing to close. */
export const leavesInFolder = (folder: string): Leaves => ({
  async *after(position, signal) {
    const database = openForReading(folder);
    try {
      yield* pages(database, Number(position), signal);
    } finally {
      database.close();
    }
  },
  async find(stream, revision) {
    const database = openForReading(folder);
    try {
      const columns = 'position, id, type, version, data, metadata';
      const row = database.prepare(`SELECT ${columns} FROM events WHERE stream = ? AND revision = ?`).get(stream, revision);
      if (!row) return undefined;
      const { position, id, type, version, data, metadata } = row;
      const event = {
        id: String(id),
        type: String(type),
        version: Number(version),
        stream,
        revision,
        data: String(data),
        metadata: String(metadata),
      };
      return { index: Number(position) - 1, event };
    } finally {
      database.close();
    }
  },
});

async function* pages(database: DatabaseSync, after: number, signal?: AbortSignal) {
  const select = database.prepare('SELECT position, leaf FROM events WHERE position > ? ORDER BY position LIMIT ?');
  for (let place = after, more = true; more && !signal?.aborted; ) {
    const rows = select.all(place, PAGE_EVENTS);
    more = rows.length === PAGE_EVENTS;
    place = Number(rows.at(-1)?.position ?? place);
    if (rows.length > 0) yield { leaves: rows.map(({ leaf }) => Buffer.from(leaf instanceof Uint8Array ? leaf : [])), seen: positionOf(place) };
    await setImmediate();
  }
}
