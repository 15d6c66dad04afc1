import { randomUUID } from 'node:crypto';
import { openForWriting } from './sqlite-file.ts';

/** Begins a new life of the log: positions handed out before mean nothing any more. Only while no store is open on the folder. */
export function renewEpoch(folder: string): void {
  const database = openForWriting(folder);
  try {
    database.prepare("UPDATE meta SET value = ? WHERE name = 'epoch'").run(randomUUID());
  } finally {
    database.close();
  }
}
