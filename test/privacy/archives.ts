import { gzipSync } from 'node:zlib';
import { reserveFile, uploadFile } from '../../src/commands/file.ts';
import { requestJob } from '../../src/commands/job.ts';
import { importJobOf } from '../../src/domain/export/index.ts';
import type { JobId } from '../../src/domain/ids.ts';
import { jobStream, jobs } from '../../src/domain/job.ts';
import type { Principal } from '../../src/domain/principal.ts';
import type { Kernel } from '../../src/main/kernel.ts';
import { getExport } from '../../src/projections/queries/exports.ts';
import { type TarEntry, tarEnd, tarEntries, tarFile } from '../../src/workers/archive/tar.ts';
import { unpack } from '../../src/workers/archive/unpack.ts';
import type { Disk } from '../harness/memory-annals.ts';
import { until } from '../harness/until.ts';

export const jobOf = async ({ loader }: Kernel, jobId: string) => (await loader.load(jobStream(jobId), jobs)).state;

export async function ended(kernel: Kernel, jobId: string) {
  await until(async () => (await jobOf(kernel, jobId)).status === 'ended');
  return jobOf(kernel, jobId);
}

/** Has everything of the person put into one file; answers its bytes. */
export async function exported({ kernel, disk }: { kernel: Kernel; disk: Disk }, who: Principal): Promise<{ jobId: JobId; bytes: Buffer }> {
  const told = await kernel.tell(who, requestJob({ kind: 'export', person: who.id }));
  if (!told.ok) throw new Error(told.error.message);
  const { jobId } = told.result;
  const job = await ended(kernel, jobId);
  if (job.outcome !== 'succeeded') throw new Error(`the export ${job.outcome}`);
  return { jobId, bytes: await fileOf({ kernel, disk }, who, jobId) };
}

/** The file of an export that has ended. */
export async function fileOf({ kernel, disk }: { kernel: Kernel; disk: Disk }, who: Principal, jobId: JobId): Promise<Buffer> {
  const found = await kernel.ask(who, getExport({ jobId }), { after: await disk.store.head(), timeoutMs: 20_000 });
  if (!found.ok) throw new Error(found.error.code);
  const parts: Uint8Array[] = [];
  for await (const part of kernel.exports.read(found.data.content)) parts.push(part);
  return Buffer.concat(parts);
}

/** Takes the file in; answers how that ended. */
export async function imported(kernel: Kernel, who: Principal, bytes: Uint8Array) {
  const reserved = await kernel.tell(who, reserveFile({ filename: 'import.tar.gz' }));
  if (!reserved.ok) throw new Error(reserved.error.message);
  const { fileId } = reserved.result;
  const stored = await kernel.uploads.put({ principalId: who.id, fileId, bytes, mediaType: 'application/gzip' });
  await kernel.tell(who, uploadFile({ fileId, ...stored, size: bytes.byteLength, mediaType: 'application/gzip' }));
  const told = await kernel.tell(who, requestJob({ jobId: importJobOf(fileId), kind: 'import', person: who.id }));
  if (!told.ok) throw new Error(told.error.message);
  return ended(kernel, told.result.jobId);
}

export async function* chunksOf(bytes: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

const most = { entryBytes: 1e8, entries: 1e5, names: /./ };
export async function entriesOf(bytes: Uint8Array): Promise<TarEntry[]> {
  const entries: TarEntry[] = [];
  for await (const entry of tarEntries(unpack(chunksOf(bytes), { bytes: 1e9, ratio: 1e4 }), most)) entries.push(entry);
  return entries;
}

// biome-ignore lint/suspicious/noExplicitAny: lines of every kind
export const linesIn = (entries: readonly TarEntry[], folder: string): any[] =>
  entries
    .filter(({ name }) => name.startsWith(`${folder}/`))
    .flatMap(({ bytes }) => Buffer.from(bytes).toString().trimEnd().split('\n'))
    .map((line) => JSON.parse(line));

export const archiveOf = (entries: readonly { name: string; bytes: Uint8Array }[]): Buffer =>
  gzipSync(Buffer.concat([...entries.map((entry) => tarFile(entry, 0)), tarEnd()]));
