import type { MessagePort } from 'node:worker_threads';
import { openSqliteDocumentStore } from '../adapters/document-store/sqlite.ts';
import { openSqliteEventStore } from '../adapters/event-store/sqlite.ts';
import { upcasting } from '../adapters/event-store/upcast.ts';
import { upcasters } from '../domain/upcasters.ts';
import { createProjector, type RebuildResult, type ViewStatus } from '../projections/projector.ts';
import { views } from '../projections/views/index.ts';

export type ToProjector = { readonly kind: 'rebuild'; readonly id: number; readonly view: string } | { readonly kind: 'stop' };
export type FromProjector =
  | { readonly kind: 'progress'; readonly statuses: readonly ViewStatus[] }
  | { readonly kind: 'rebuilding'; readonly id: number; readonly events: number }
  | { readonly kind: 'rebuilt'; readonly id: number; readonly result: RebuildResult }
  | { readonly kind: 'failed'; readonly id?: number; readonly message: string }
  | { readonly kind: 'stopped' };

/** The views' writer, alone in its thread: reads the log, writes `views.db`, tells the main thread how far it has come. */
export async function runProjectorThread(port: MessagePort, { folder }: { folder: string }): Promise<void> {
  const post = (message: FromProjector): void => port.postMessage(message);
  const stopped = new AbortController();
  const store = upcasting(await openSqliteEventStore({ folder, readOnly: true }), upcasters);
  const documents = await openSqliteDocumentStore({ folder });
  const projector = createProjector({ store, documents, views, onProgress: (statuses) => post({ kind: 'progress', statuses }) });
  port.on('message', (message: ToProjector) => {
    if (message.kind === 'stop') return stopped.abort();
    const { id, view } = message;
    projector
      .rebuild(view, (events) => post({ kind: 'rebuilding', id, events }))
      .then((result) => post({ kind: 'rebuilt', id, result }))
      .catch((error: unknown) => post({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) }));
  });
  try {
    await projector.run(stopped.signal);
  } catch (error) {
    post({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
  await documents.close();
  await store.close();
  post({ kind: 'stopped' });
  port.close();
}
