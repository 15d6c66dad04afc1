import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { isCorruption } from '../adapters/document-store/corruption.ts';
import type { DocumentStore } from '../adapters/document-store/port.ts';
import { openSqliteDocumentStore } from '../adapters/document-store/sqlite.ts';

/** Renames a damaged file that can be built anew, so that nothing is lost to whoever wants to look at it. Answers its new name. */
export function setAside(folder: string, name: string, now = new Date()): string {
  const aside = `${name}.damaged-${now.toISOString().replaceAll(/[:.]/g, '-')}`;
  for (const suffix of ['-wal', '-shm', '']) {
    if (existsSync(join(folder, name + suffix))) renameSync(join(folder, name + suffix), join(folder, aside + suffix));
  }
  return aside;
}

/** Opens documents that can be built anew, after a look at every checkpoint; a damaged file is set aside first. */
export async function openRebuildable(
  { folder, name, readOnly }: { readonly folder: string; readonly name: string; readonly readOnly: boolean },
  onDamage: (reason: string, aside: string) => void,
): Promise<DocumentStore> {
  let documents: DocumentStore | undefined;
  try {
    documents = await openSqliteDocumentStore({ folder, name, readOnly });
    for (const collection of await documents.collections()) await documents.checkpoint(collection);
    return documents;
  } catch (error) {
    await documents?.close();
    if (!isCorruption(error)) throw error;
    onDamage(error instanceof Error ? error.message : String(error), setAside(folder, name));
    return openSqliteDocumentStore({ folder, name, readOnly });
  }
}
