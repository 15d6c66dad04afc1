import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assertBlobId } from './blob-id.ts';
import type { Blobs } from './port.ts';

const DRAFTS = 'drafts';

/** Blobs as files `blobs/ab/cd/<id>` in the folder. Only one process may have it open: drafts that a crash left behind are removed here. */
export async function openBlobFolder({ folder }: { readonly folder: string }): Promise<Blobs> {
  const root = join(folder, 'blobs');
  const drafts = join(root, DRAFTS);
  await rm(drafts, { recursive: true, force: true });
  await mkdir(drafts, { recursive: true });
  await syncFolder(root);
  await syncFolder(folder);
  const made = new Map<string, Promise<void>>();

  function placeOf(id: string): string {
    assertBlobId(id);
    // The hash spreads ids that begin alike over the folders.
    const spread = createHash('sha256').update(id).digest('hex');
    return join(root, spread.slice(0, 2), spread.slice(2, 4), id);
  }

  // The first put of this process syncs the parents, even of a folder that is there: an earlier process may have died before it did.
  async function makeFolder(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
    await syncFolder(dirname(path));
    await syncFolder(root);
  }

  function ensureFolder(path: string): Promise<void> {
    const before = made.get(path);
    if (before !== undefined) return before;
    const making = makeFolder(path);
    made.set(path, making);
    making.catch(() => made.delete(path));
    return making;
  }

  async function put(id: string, bytes: Uint8Array): Promise<void> {
    const place = placeOf(id);
    const draft = join(drafts, randomBytes(16).toString('hex'));
    try {
      await Promise.all([writeDurably(draft, bytes), ensureFolder(dirname(place))]);
      await rename(draft, place);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    await syncFolder(dirname(place));
  }

  async function remove(id: string): Promise<void> {
    const place = placeOf(id);
    await unlessAbsent(rm(place));
    await unlessAbsent(syncFolder(dirname(place)));
  }

  return { put, get: async (id) => unlessAbsent(readFile(placeOf(id))), delete: remove, close: async () => {} };
}

async function writeDurably(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function unlessAbsent<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
