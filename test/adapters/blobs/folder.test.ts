import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBlobFolder } from '../../../src/adapters/blobs/folder.ts';

describe('the blobs in a folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'annals-blobs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const files = () =>
    readdirSync(join(folder, 'blobs'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, 'blobs').length + 1));

  it('keeps each blob in one file two folders down, readable by its owner only', async () => {
    const blobs = await openBlobFolder({ folder });
    for (let index = 0; index < 20; index += 1) await blobs.put(`blob_${index}`, Buffer.from('x'));
    const kept = files();
    expect(kept).toHaveLength(20);
    for (const file of kept) {
      expect(file.split(sep).join('/')).toMatch(/^[0-9a-f]{2}\/[0-9a-f]{2}\/blob_[0-9]+$/);
      expect(statSync(join(folder, 'blobs', file)).mode & 0o777).toBe(0o600);
    }
    // Ids that begin alike do not all end up in one folder.
    expect(new Set(kept.map((file) => file.slice(0, 2))).size).toBeGreaterThan(5);
  });

  it('removes what a crash left half-written, and only that', async () => {
    const blobs = await openBlobFolder({ folder });
    await blobs.put('blob_1', Buffer.from('whole'));
    writeFileSync(join(folder, 'blobs', 'drafts', 'half'), 'ha');
    expect(files()).toHaveLength(2);
    const again = await openBlobFolder({ folder });
    expect(files()).toHaveLength(1);
    expect(await again.get('blob_1')).toEqual(Buffer.from('whole'));
    await again.put('blob_1', Buffer.from('newer'));
    expect(files()).toHaveLength(1);
  });

  it('leaves no draft behind when a put fails', async () => {
    const blobs = await openBlobFolder({ folder });
    await blobs.put('blob_1', Buffer.from('old'));
    const [file = ''] = files();
    // A folder in the file's place makes the last step, the rename, fail.
    rmSync(join(folder, 'blobs', file));
    const obstacle = await openBlobFolder({ folder: join(folder, 'blobs', file) });
    await obstacle.put('blob_1', Buffer.from('in the way'));
    await expect(blobs.put('blob_1', Buffer.from('new'))).rejects.toThrow();
    expect(readdirSync(join(folder, 'blobs', 'drafts'))).toEqual([]);
  });
});
