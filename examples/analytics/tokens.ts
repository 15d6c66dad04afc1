import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

/** One event that tells what a model was asked for. */
export interface Spent {
  readonly stream: string;
  readonly revision: number;
  /** In UTC, `2026-01-31`. */
  readonly day: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface Batch {
  readonly topic: string;
  readonly partition: number;
  /** The offset behind the batch. */
  readonly next: string;
  readonly spent: readonly Spent[];
}

const Total = z.object({ day: z.string(), model: z.string(), calls: z.number(), inputTokens: z.number(), outputTokens: z.number() });
export type Total = z.infer<typeof Total>;

export interface Tokens {
  /** Adds up what has not been added yet, and notes how far the partition was read, as one: either both are on disk or neither is. */
  add(batch: Batch): void;
  /** From where to read on. */
  next(topic: string, partition: number): string | undefined;
  totals(): readonly Total[];
  close(): void;
}

/** The figures in a SQLite file of their own. An event counts once, by its stream and revision, however often it comes. */
export function openTokens(file: string): Tokens {
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS seen (stream TEXT, revision INTEGER, PRIMARY KEY (stream, revision)) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS totals (day TEXT, model TEXT, calls INTEGER, inputTokens INTEGER, outputTokens INTEGER, PRIMARY KEY (day, model)) STRICT;
    CREATE TABLE IF NOT EXISTS offsets (topic TEXT, partition INTEGER, next TEXT, PRIMARY KEY (topic, partition)) STRICT;
  `);
  const see = database.prepare('INSERT OR IGNORE INTO seen VALUES (?, ?)');
  const count = database.prepare(`INSERT INTO totals VALUES (?, ?, 1, ?, ?) ON CONFLICT DO UPDATE SET
    calls = calls + 1, inputTokens = inputTokens + excluded.inputTokens, outputTokens = outputTokens + excluded.outputTokens`);
  const note = database.prepare('INSERT INTO offsets VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next = excluded.next');
  const find = database.prepare('SELECT next FROM offsets WHERE topic = ? AND partition = ?');
  const all = database.prepare('SELECT * FROM totals ORDER BY day, model');
  return {
    add({ topic, partition, next, spent }) {
      database.exec('BEGIN IMMEDIATE');
      try {
        for (const { stream, revision, day, model, inputTokens, outputTokens } of spent)
          if (see.run(stream, revision).changes > 0) count.run(day, model, inputTokens, outputTokens);
        note.run(topic, partition, next);
        database.exec('COMMIT');
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    next: (topic, partition) => z.object({ next: z.string() }).optional().parse(find.get(topic, partition))?.next,
    totals: () => z.array(Total).parse(all.all()),
    close: () => database.close(),
  };
}
