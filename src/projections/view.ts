import type { EventOf, JsonObject, RecordedEvent } from '../domain/event.ts';
import { PersonErased } from '../domain/person.ts';

/** A document by id, or every document whose indexed field has a value. */
export type Key = string | { readonly index: string; readonly value: string };

/** A pure fold of events into documents: no clock, no store, nothing but the event and the one document it writes. */
export interface View<Doc extends JsonObject = JsonObject> {
  readonly name: string;
  /** Raise it whenever `keys` or `fold` changes: the new one is built beside the old one. */
  readonly version: number;
  readonly types: readonly string[];
  /** Lists of top-level fields by which queries filter and sort; `_pos` allowed. */
  readonly indexes: readonly (readonly string[])[];
  /** Which documents the event writes. */
  keys(event: RecordedEvent): readonly Key[];
  /** The document after the event; `undefined` leaves it as it is. */
  fold(doc: Doc | undefined, event: RecordedEvent): Doc | 'delete' | undefined;
}

interface Declaration<Definition extends { readonly type: string }, Doc extends JsonObject> {
  readonly name: string;
  readonly version: number;
  readonly types: readonly Definition[];
  readonly indexes: readonly (readonly string[])[];
  /** The indexed field that names a person: when that person is erased, the documents go. */
  readonly ownedBy?: keyof Doc & string;
  readonly keys: (event: EventOf<Definition>) => readonly Key[];
  readonly fold: (doc: Doc | undefined, event: EventOf<Definition>) => Doc | 'delete' | undefined;
}

/** Declares a view; `keys` and `fold` see just the events it names. */
export function view<Doc extends JsonObject, Definition extends { readonly type: string }>(declaration: Declaration<Definition, Doc>): View<Doc> {
  const { ownedBy, types, ...rest } = declaration;
  const declared = { ...rest, types: types.map(({ type }) => type) } as unknown as View<Doc>;
  if (ownedBy === undefined) return declared;
  const isEnd = ({ type }: RecordedEvent): boolean => type === PersonErased.type;
  return {
    ...declared,
    types: [...new Set([...declared.types, PersonErased.type])],
    keys: (event) => (isEnd(event) ? [{ index: ownedBy, value: String(event.data.person) }] : declared.keys(event)),
    fold: (doc, event) => (isEnd(event) ? 'delete' : declared.fold(doc, event)),
  };
}

/** Where a view's documents lie. */
export const collectionOf = ({ name, version }: Pick<View, 'name' | 'version'>): string => `${name}@${version}`;
