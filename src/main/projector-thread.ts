import type { MessagePort } from 'node:worker_threads';
import { isCorruption } from '../adapters/document-store/corruption.ts';
import { openSqliteDocumentStore } from '../adapters/document-store/sqlite.ts';
import { openSqliteEventStore } from '../adapters/event-store/sqlite.ts';
import { upcasting } from '../adapters/event-store/upcast.ts';
import { tagger } from '../commands/tagger.ts';
import { upcasters } from '../domain/upcasters.ts';
import { createProjector, type RebuildResult, type ViewStatus } from '../projections/projector.ts';
import { views } from '../projections/views/index.ts';
import { patient } from './patient.ts';
import { sentenceOf } from './refused.ts';

export type ToProjector = { readonly kind: 'rebuild'; readonly id: number; readonly view: string } | { readonly kind: 'stop' };
export type FromProjector =
  | { readonly kind: 'progress'; readonly statuses: readonly ViewStatus[] }
  | { readonly kind: 'rebuilding'; readonly id: number; readonly events: number }
  | { readonly kind: 'rebuilt'; readonly id: number; readonly result: RebuildResult }
  | { readonly kind: 'rebuild-failed'; readonly id: number; readonly message: string }
  /** A write waits for the disk, or no longer. */
  | { readonly kind: 'waiting'; readonly why?: string }
  /** It has ended, or its rebuild has; `damaged`: the views' file is, and can be built anew. */
  | { readonly kind: 'failed'; readonly message: string; readonly damaged: boolean };

const RETRY_MS = 500;

/** The views' writer, alone in its thread: reads the log, writes `views.db`, tells the main thread how far it has come. */
export async function runProjectorThread(port: MessagePort, { folder, secret }: { folder: string; secret: Uint8Array }): Promise<void> {
  const post = (message: FromProjector): void => port.postMessage(message);
  const stopped = new AbortController();
  try {
    await project(port, { folder, secret: Buffer.from(secret) }, stopped, post);
  } catch (error) {
    if (!stopped.signal.aborted) post({ kind: 'failed', message: sentenceOf(error), damaged: isCorruption(error) });
  }
  port.close();
}

async function project(
  port: MessagePort,
  { folder, secret }: { folder: string; secret: Buffer },
  stopped: AbortController,
  post: (message: FromProjector) => void,
): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const store = upcasting(await openSqliteEventStore({ folder, readOnly: true }), upcasters, tagger(secret));
  opened.defer(() => store.close());
  const file = await openSqliteDocumentStore({ folder });
  opened.defer(() => file.close());
  const onWait = (why: string | undefined): void => post({ kind: 'waiting', ...(why === undefined ? {} : { why }) });
  const documents = patient(file, { signal: stopped.signal, everyMs: RETRY_MS, onWait });
  const projector = createProjector({ store, documents, views, onProgress: (statuses) => post({ kind: 'progress', statuses }) });
  port.on('message', (message: ToProjector) => {
    if (message.kind === 'stop') return stopped.abort();
    const { id, view } = message;
    projector
      .rebuild(view, (events) => post({ kind: 'rebuilding', id, events }))
      .then((result) => post({ kind: 'rebuilt', id, result }))
      .catch((error: unknown) => {
        post({ kind: 'rebuild-failed', id, message: sentenceOf(error) });
        if (isCorruption(error)) post({ kind: 'failed', message: sentenceOf(error), damaged: true });
      });
  });
  await projector.run(stopped.signal);
}
