import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Blobs } from '../../adapters/blobs/port.ts';
import { isUnopened } from '../../domain/event.ts';
import { EXPORT_FORMAT, EXPORT_VERSION } from '../../domain/export/format.ts';
import { exportPart, exportStream } from '../../domain/export/index.ts';
import { pages } from '../../projections/pages.ts';
import { fileInfo } from '../../projections/queries/file-info.ts';
import { conversationList } from '../../projections/views/conversations.ts';
import { fileList } from '../../projections/views/files.ts';
import { deleteParts, writeParts } from '../archive/parts.ts';
import { type TarEntry, tarEnd, tarFile } from '../archive/tar.ts';
import type { JobPlan, JobWork } from '../jobs/kind.ts';
import { conversationOf, type GatherParts, idsOf, messagesOf, personOf } from './gather.ts';
import { auditOf, credentialsOf, eventsOf, recipientsOf } from './records.ts';

export interface ExportParts extends GatherParts {
  readonly blobs: Blobs;
  readonly now: () => Date;
  /** Waits until the views show everything that has happened by now. */
  readonly caughtUp: () => Promise<void>;
}

/** Everything of a person in one sealed file. A step that was broken off writes the same parts again. */
export function createExport(parts: ExportParts): JobPlan {
  return {
    steps: [
      {
        name: 'write',
        run: async (work) => {
          await parts.caughtUp();
          const place = { subject: work.person, scope: exportStream(work.jobId), name: (number: number) => exportPart(work.jobId, number) };
          return writeParts(parts, place, packed(entriesOf(parts, work), parts.now()));
        },
      },
    ],
    clean: async ({ jobId }) => deleteParts(parts.blobs, (number) => exportPart(jobId, number)),
  };
}

function packed(entries: AsyncIterable<TarEntry>, now: Date): AsyncIterable<Uint8Array> {
  const seconds = Math.floor(now.getTime() / 1000);
  const tar = async function* (): AsyncGenerator<Buffer> {
    for await (const entry of entries) yield tarFile(entry, seconds);
    yield tarEnd();
  };
  return pipeline(Readable.from(tar()), createGzip(), () => undefined);
}

const json = (name: string, value: unknown): TarEntry => ({ name, bytes: Buffer.from(JSON.stringify(value)) });

const LINES_BYTES = 1024 * 1024;
/** Values one a line, in files of about a megabyte. */
async function* lines(folder: string, values: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<TarEntry> {
  let held: string[] = [];
  let bytes = 0;
  let number = 0;
  const file = (): TarEntry => ({ name: `${folder}/${String(++number).padStart(6, '0')}.jsonl`, bytes: Buffer.from(held.join('')) });
  for await (const value of values) {
    const line = `${JSON.stringify(value)}\n`;
    held.push(line);
    bytes += line.length;
    if (bytes < LINES_BYTES) continue;
    yield file();
    held = [];
    bytes = 0;
  }
  if (held.length > 0) yield file();
}

async function* entriesOf(parts: ExportParts, work: JobWork): AsyncGenerator<TarEntry> {
  const { person } = work;
  const ids = await idsOf(parts, person);
  yield json('manifest.json', { format: EXPORT_FORMAT, version: EXPORT_VERSION, person, createdAt: parts.now().toISOString() });
  yield json('person.json', { person, claimed: ids.slice(1), ...(await personOf(parts, person)) });
  yield* filesOf(parts, ids);
  const threads: string[] = [];
  const heads = async function* () {
    for await (const page of pages(parts.views, conversationList, { owner: { in: ids } })) {
      for (const document of page) {
        threads.push(document.id);
        yield await conversationOf(parts, document);
      }
    }
  };
  yield* lines('conversations', heads());
  const messages = async function* () {
    for (const [index, id] of threads.entries()) {
      await work.report(index, threads.length);
      yield* messagesOf(parts, id);
    }
  };
  yield* lines('messages', messages());
  yield* lines('credentials', credentialsOf(parts, ids));
  yield* lines('recipients', await recipientsOf(parts, ids));
  yield* lines('audit', auditOf(parts, ids));
  yield* lines('events', eventsOf(parts, ids));
  await work.report(threads.length, threads.length);
}

/** First the bytes of each file, then what is known of all of them. */
async function* filesOf(parts: ExportParts, ids: readonly string[]): AsyncGenerator<TarEntry> {
  const known: unknown[] = [];
  for await (const page of pages(parts.views, fileList, { owner: { in: ids } })) {
    for (const document of page) {
      const { id, filename, mediaType, size, createdAt, content } = await fileInfo(document, parts.sealer);
      const stored = content && (await parts.blobs.get(content.blobId));
      const opened = stored && (await parts.sealer.openBytes({ k: content.key, a: content.blobId, bytes: Buffer.from(stored) }));
      const bytes = opened === undefined || opened === null || isUnopened(opened) ? undefined : opened;
      const name = `bytes/${id}`;
      if (bytes) yield { name, bytes };
      known.push({ id, filename, mediaType, size, createdAt, content: bytes ? name : null });
    }
  }
  yield* lines('files', known);
}
