import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBlobFolder } from '../../src/adapters/blobs/folder.ts';
import { createMemoryBlobs } from '../../src/adapters/blobs/memory.ts';
import { describeBlobs, type OpenedBlobs } from './blobs.ts';

async function openFolder(): Promise<OpenedBlobs> {
  const folder = await mkdtemp(join(tmpdir(), 'annals-blobs-'));
  const blobs = await openBlobFolder({ folder });
  return { blobs, reopen: () => openBlobFolder({ folder }), remove: () => rm(folder, { recursive: true }) };
}

describeBlobs([
  { name: 'in memory', open: async () => ({ blobs: createMemoryBlobs(), remove: async () => {} }) },
  { name: 'in a folder', open: openFolder },
]);
