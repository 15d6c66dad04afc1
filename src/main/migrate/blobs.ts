import { hash } from 'node:crypto';
import type { Source, Target } from './sides.ts';

/** Copies what is missing or different; what is only in the target was deleted in the source since a former migration, and goes. */
export async function copyBlobs(source: Source, target: Target, onProgress: (done: number) => void): Promise<void> {
  const wanted = new Set<string>();
  for await (const { id, read } of source.contents()) {
    wanted.add(id);
    const bytes = await read();
    const there = await target.blobs.get(id);
    if (bytes && !(there && Buffer.from(there).equals(bytes))) await target.blobs.put(id, bytes);
    onProgress(wanted.size);
  }
  for await (const { id } of target.contents()) if (!wanted.has(id)) await target.blobs.delete(id);
}

export interface ComparedBlobs {
  readonly files: number;
  readonly differences: readonly string[];
}

export async function compareBlobs(source: Source, target: Target): Promise<ComparedBlobs> {
  const [ours, theirs] = [await digestsOf(source), await digestsOf(target)];
  const names = new Set([...ours.keys(), ...theirs.keys()]);
  return { files: ours.size, differences: [...names].filter((id) => ours.get(id) !== theirs.get(id)).map((id) => `file ${id} is not the same`) };
}

async function digestsOf({ contents }: Pick<Source, 'contents'>): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for await (const { id, read } of contents()) digests.set(id, hash('sha256', (await read()) ?? '', 'hex'));
  return digests;
}
