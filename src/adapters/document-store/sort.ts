import { assertFieldName } from './names.ts';
import type { FindOptions } from './port.ts';

export interface SortTerm {
  readonly field: string;
  readonly descending: boolean;
}

/** Appends `_id` as the port says. Nothing that follows `_id` or repeats a field can change the order, so it goes. */
export function totalOrder(sort: NonNullable<FindOptions['sort']>): SortTerm[] {
  const terms: SortTerm[] = [];
  for (const [field, direction] of [...sort, ['_id', sort.at(-1)?.[1] ?? 'asc'] as const]) {
    assertFieldName(field);
    if (!terms.some((term) => term.field === field || term.field === '_id')) terms.push({ field, descending: direction === 'desc' });
  }
  return terms;
}
