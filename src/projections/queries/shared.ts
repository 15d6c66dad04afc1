import type { StoredDocument } from '../../adapters/document-store/port.ts';
import type { JsonObject } from '../../domain/event.ts';
import { ownIds } from '../../domain/principal.ts';
import type { Shares } from '../../domain/share.ts';
import { sharesWith } from '../../permissions/ability.ts';
import type { QueryContext } from '../query.ts';
import type { View } from '../view.ts';
import { shareList } from '../views/shares.ts';
import { pageOptions } from './page.ts';

type Found<Doc extends JsonObject> = StoredDocument<Doc> & { readonly shares: Shares };

/**
 * The things of a kind that others share with the principal or with a role of its, each once, what was shared last first. The view finds them; whether a
 * share still holds, the thing's own stream says.
 */
export async function sharedWithMe<Doc extends JsonObject & { owner: string }>(
  context: QueryContext,
  view: View<Doc>,
  kind: 'conversation' | 'file',
  page: Parameters<typeof pageOptions>[0],
): Promise<{ readonly found: readonly Found<Doc>[]; readonly next?: string }> {
  const own: readonly string[] = ownIds(context.principal);
  const grantees = sharesWith(context.principal, `${kind}.view`);
  if (grantees.length === 0) return { found: [] };
  const { documents, next } = await context.views.find(
    shareList,
    { grantee: { in: grantees }, kind },
    { sort: [['sharedAt', 'desc']], ...pageOptions(page, 20) },
  );
  const there = await context.views.getMany(
    view,
    documents.map(({ doc }) => doc.resource),
  );
  const found: Found<Doc>[] = [];
  for (const { doc } of documents) {
    const state = await (kind === 'conversation' ? context.conversation(doc.resource, 'listed') : context.file(doc.resource, 'listed'));
    const stored = there.get(doc.resource);
    // Where several shares reach the principal, the first of them stands for all.
    const isFirst = state && grantees.find((grantee) => state.shares.has(grantee)) === doc.grantee;
    if (stored && isFirst && state.status !== 'trashed' && !own.includes(stored.doc.owner)) found.push({ ...stored, shares: state.shares });
  }
  context.shows(
    found.map(({ doc }) => doc.owner),
    `${kind}s`,
  );
  return { found, ...(next === undefined ? {} : { next }) };
}
