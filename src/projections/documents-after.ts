import { setTimeout as sleep } from 'node:timers/promises';
import type { Condition, DocumentStore, StoredDocument } from '../adapters/document-store/port.ts';
import { START } from '../adapters/event-store/port.ts';
import type { JsonObject } from '../domain/event.ts';
import { viewsOf } from './ask.ts';
import type { Progress } from './progress.ts';
import type { View } from './view.ts';

/** How often a view that has come to a standstill is looked at, whether it goes on. */
const HALTED_MS = 1000;
/** How long a silence is at most until `goesOn` is asked again. */
const WAIT_MS = 4000;
const PAGE = 200;

export interface DocumentsAfter {
  readonly filter: Readonly<Record<string, Condition>>;
  readonly after: string;
  readonly signal: AbortSignal;
  /** Asked before each page; false ends it. */
  readonly goesOn: () => Promise<boolean>;
}

/** Documents that are written once, in the order in which they are written, from a place on and until the signal. */
export async function* documentsAfter<Doc extends JsonObject>(
  { documents, progress }: { readonly documents: DocumentStore; readonly progress: Progress },
  view: View<Doc>,
  { filter, after, signal, goesOn }: DocumentsAfter,
): AsyncGenerator<StoredDocument<Doc>> {
  const views = viewsOf(documents);
  let position = after;
  while (!signal.aborted && (await goesOn())) {
    const page = await views.find(view, { ...filter, _pos: { gt: position } }, { sort: [['_pos', 'asc']], limit: PAGE });
    for (const document of page.documents) {
      position = document.position;
      yield document;
    }
    const { state, position: seen = START } = progress.status().find((each) => each.view === view.name) ?? {};
    if (state === 'halted') await sleep(HALTED_MS, undefined, { signal }).catch(() => undefined);
    else if (page.documents.length === 0)
      await progress.waitFor([view.name], after1(seen > position ? seen : position), { timeoutMs: WAIT_MS, signal });
  }
}

/** The first place after this one, for waiting: positions are text of 20 digits, so appending a digit is the next one up. */
const after1 = (position: string): string => `${position}0`;
