import type { Filter, StoredDocument } from '../adapters/document-store/port.ts';
import type { JsonObject } from '../domain/event.ts';
import type { Views } from './query.ts';
import type { View } from './view.ts';

const PAGE = 500;

/** Every document that fits, page by page; what has been given may go from the view meanwhile. */
export async function* pages<Doc extends JsonObject>(
  views: Views,
  view: View<Doc>,
  filter: Filter,
  sort?: readonly (readonly [string, 'asc' | 'desc'])[],
): AsyncGenerator<readonly StoredDocument<Doc>[]> {
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await views.find(view, filter, { limit: PAGE, ...(sort ? { sort } : {}), ...(after === undefined ? {} : { after }) });
    if (page.documents.length > 0) yield page.documents;
    after = page.next;
  }
}
