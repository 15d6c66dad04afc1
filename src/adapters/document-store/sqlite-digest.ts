import { setImmediate } from 'node:timers/promises';
import { namingDamage } from './corruption.ts';
import { startDigest } from './digest.ts';
import type { StoredDocument } from './port.ts';
import { findTable } from './sqlite-catalog.ts';
import { openConnection } from './sqlite-connection.ts';
import { storedDocument } from './sqlite-query.ts';

const documentsAPage = 500;

/** One snapshot on a connection of its own, so that commits go on beside it; between pages the thread is free. */
export async function digestTable(file: string, collection: string): Promise<{ digest: string; count: number }> {
  const db = openConnection(file, true);
  const digest = startDigest();
  try {
    db.exec('BEGIN');
    const table = namingDamage(file, () => findTable(db, collection));
    const sql = `SELECT id, pos, doc FROM ${table?.name} WHERE id > ? ORDER BY id LIMIT ${documentsAPage}`;
    // A number sorts before every text, so the first page starts at the first id.
    let last: string | number | undefined = table === undefined ? undefined : Number.NEGATIVE_INFINITY;
    while (last !== undefined) {
      const from: string | number = last;
      const page: StoredDocument[] = namingDamage(file, () => db.all(sql, [from]).map((row) => storedDocument(row)));
      digest.add(page);
      last = page.at(-1)?.id;
      await setImmediate();
    }
    return digest.finish();
  } finally {
    db.close();
  }
}
