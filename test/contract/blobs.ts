import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Blobs } from '../../src/adapters/blobs/port.ts';

export interface OpenedBlobs {
  readonly blobs: Blobs;
  /** Closes them and opens them again; absent where nothing outlives closing. */
  readonly reopen?: () => Promise<Blobs>;
  readonly remove: () => Promise<void>;
}

export interface BlobsAdapter {
  readonly name: string;
  readonly open: () => Promise<OpenedBlobs>;
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-';
const blobId = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 200 });
const otherThanBlobId = fc.oneof(
  fc.constantFrom('', '.', '..', '../up', 'a/b', 'a\\b', 'a\n', 'a\0', 'ä', 'x'.repeat(201), '%2e%2e', 'blob.txt'),
  fc.string().filter((id) => !/^[A-Za-z0-9_-]{1,200}$/.test(id)),
);

/** What every store of blobs must do. */
export function describeBlobs(adapters: readonly BlobsAdapter[]): void {
  describe.each(adapters)('the blobs $name', (adapter) => {
    let opened: OpenedBlobs;
    let blobs: Blobs;
    beforeEach(async () => {
      opened = await adapter.open();
      blobs = opened.blobs;
    });
    afterEach(() => opened.remove());

    it('gives back exactly the bytes that were put last, also after reopening', async () => {
      const last = new Map<string, Uint8Array>();
      await fc.assert(
        fc.asyncProperty(blobId, fc.uint8Array({ maxLength: 2_000 }), async (id, bytes) => {
          last.set(id, bytes);
          await blobs.put(id, bytes);
          expect(bytesOf(await blobs.get(id))).toEqual(bytesOf(bytes));
        }),
        { numRuns: 40 },
      );
      const again = opened.reopen ? await opened.reopen() : blobs;
      for (const [id, bytes] of last) expect(bytesOf(await again.get(id))).toEqual(bytesOf(bytes));
    });

    it('keeps ids apart that differ only in case', async () => {
      await Promise.all([blobs.put('blob_a', Buffer.from('small')), blobs.put('blob_A', Buffer.from('large'))]);
      expect([text(await blobs.get('blob_a')), text(await blobs.get('blob_A'))]).toEqual(['small', 'large']);
    });

    it('replaces the bytes of an id as a whole, also when many put it at once', async () => {
      const versions = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(100_000));
      await Promise.all(versions.map((version) => blobs.put('blob_1', Buffer.from(version))));
      expect(versions).toContain(text(await blobs.get('blob_1')));
      await blobs.put('blob_1', Buffer.from('last'));
      expect(text(await blobs.get('blob_1'))).toBe('last');
    });

    it('knows nothing of an id that was never put, or was deleted, and deletes twice without complaint', async () => {
      expect(await blobs.get('blob_1')).toBeUndefined();
      await blobs.put('blob_1', Buffer.from('one'));
      await blobs.put('blob_2', Buffer.from('two'));
      await blobs.delete('blob_1');
      await blobs.delete('blob_1');
      expect(await blobs.get('blob_1')).toBeUndefined();
      expect(text(await blobs.get('blob_2'))).toBe('two');
    });

    it('keeps its own copy of the bytes', async () => {
      const bytes = Buffer.from('before');
      await blobs.put('blob_1', bytes);
      bytes.write('behind');
      (await blobs.get('blob_1'))?.fill(0);
      expect(text(await blobs.get('blob_1'))).toBe('before');
    });

    it('refuses every other id with a TypeError, whatever is to be done with it', async () => {
      await fc.assert(
        fc.asyncProperty(otherThanBlobId, async (id) => {
          await expect(blobs.put(id, Buffer.from('x'))).rejects.toThrow(TypeError);
          await expect(blobs.get(id)).rejects.toThrow(TypeError);
          await expect(blobs.delete(id)).rejects.toThrow(TypeError);
        }),
        { numRuns: 50 },
      );
    });
  });
}

const bytesOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');
const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();
