import type { StoredDocument } from '../../adapters/document-store/port.ts';
import type { JsonObject } from '../../domain/event.ts';
import type { PersonId } from '../../domain/ids.ts';
import { pages } from '../../projections/pages.ts';
import type { View } from '../../projections/view.ts';
import type { JobWork } from '../jobs/kind.ts';
import type { ErasingParts } from './parts.ts';

const WAIT_MS = 60_000;

/** Resolves once the views show everything that is in the log now. One that stands still keeps nobody: it says itself what is wrong with it. */
export async function caughtUp(
  { store, progress }: Pick<ErasingParts, 'store' | 'progress'>,
  views: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const head = await store.head();
  for (;;) {
    signal.throwIfAborted();
    const halted = new Set(progress.status().flatMap(({ view, state }) => (state === 'halted' ? [view] : [])));
    if (
      await progress.waitFor(
        views.filter((view) => !halted.has(view)),
        head,
        { timeoutMs: WAIT_MS, signal },
      )
    )
      return;
  }
}

/** Deals with every document of the view whose field names one of the persons; what is dealt with may go from the view meanwhile. */
export async function eachOf<Doc extends JsonObject>(
  parts: ErasingParts,
  { view, field, subjects, work }: { view: View<Doc>; field: string; subjects: readonly PersonId[]; work: JobWork },
  deal: (document: StoredDocument<Doc>) => Promise<void>,
): Promise<void> {
  await caughtUp(parts, [view.name], work.signal);
  let done = 0;
  for await (const page of pages(parts.views, view, { [field]: { in: subjects } })) {
    for (const document of page) {
      work.signal.throwIfAborted();
      await deal(document);
      await work.report(++done, done);
    }
  }
}
