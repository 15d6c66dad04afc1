import type { StoredDocument } from '../adapters/document-store/port.ts';
import { isUnopened } from '../domain/event.ts';
import type { PersonId } from '../domain/ids.ts';
import { ownIds, type Principal } from '../domain/principal.ts';
import { effectiveVersion, PromptContent, type PromptVisibility, systemPrompts } from '../domain/prompt/index.ts';
import { sharesWith } from '../permissions/ability.ts';
import type { QueryContext, Views } from './query.ts';
import { type PromptDoc, type PromptVersionDoc, prompts, promptVersions, versionKey } from './views/prompts.ts';
import { shareList } from './views/shares.ts';

/** A prompt that somebody can use, in the version that is used now. */
export interface KnownPrompt {
  readonly id: string;
  readonly name: string;
  readonly source: 'own' | 'shared' | 'system';
  readonly content: PromptContent;
  /** Null: one of the system's, which have no versions. */
  readonly version: number | null;
  /** What only its owner is told. */
  readonly kept: Kept | null;
  /** Another one of that name comes first: one's own before one that is shared, that before one of the system's. */
  readonly shadowed: boolean;
}

interface Kept {
  readonly visibility: PromptVisibility;
  readonly archived: boolean;
  readonly latest: number;
  readonly pinned: number | null;
  readonly uses: number;
  readonly lastUsedAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type PromptReading = Pick<QueryContext, 'principal' | 'openDeep' | 'shares'> & { readonly views: Pick<Views, 'find' | 'getMany' | 'get'> };

const MOST = 1000;

/** Whose prompts these are: a part of Annals reads those of the person it acts for. */
const readerOf = (principal: Principal): readonly PersonId[] => (principal.onBehalfOf === undefined ? ownIds(principal) : [principal.onBehalfOf]);

/** Every prompt that the principal can use, by name: their own, those shared with everybody or with them, the system's; archived ones of one's own are among them. */
export async function visiblePrompts(reading: PromptReading): Promise<readonly KnownPrompt[]> {
  const { principal, views, openDeep } = reading;
  const readers = readerOf(principal);
  const [own, shared, given] = await Promise.all([
    views.find(prompts, { owner: { in: readers } }, { sort: [['createdAt', 'asc']], limit: MOST }),
    views.find(prompts, { visibility: 'everyone' }, { limit: MOST }),
    sharedWith(reading),
  ]);
  const both = new Map([...shared.documents, ...given].map((document) => [document.id, document]));
  const others = [...both.values()].filter(({ doc }) => !doc.archived && !readers.some((id) => id === doc.owner));
  const oldest = others.toSorted((one, other) => (one.doc.createdAt < other.doc.createdAt ? -1 : 1));
  const contents = await contentsOf([...own.documents, ...oldest], views);
  const read = async (document: StoredDocument<PromptDoc>, source: 'own' | 'shared'): Promise<KnownPrompt[]> => {
    const { id, doc } = document;
    const opened = await openDeep({ name: doc.name, content: contents.get(id) ?? null });
    const name = isUnopened(opened.name) ? undefined : (opened.name as { name: string }).name;
    if (name === undefined || opened.content === null || isUnopened(opened.content)) return [];
    const { owner: _owner, name: _name, ...kept } = doc;
    const content = PromptContent.parse((opened.content as { content: unknown }).content);
    return [{ id, name, source, content, version: effectiveVersion(doc), kept: source === 'own' ? kept : null, shadowed: false }];
  };
  const system = systemPrompts.map(
    ({ id, name, content }): KnownPrompt => ({ id, name, source: 'system', content, version: null, kept: null, shadowed: false }),
  );
  const all = [
    ...(await Promise.all(own.documents.map((document) => read(document, 'own')))).flat(),
    ...(await Promise.all(oldest.map((document) => read(document, 'shared')))).flat(),
    ...system,
  ];
  return shadowing(all);
}

/** What others share with the principal, or with a role of theirs. Whether a share still holds, its own stream says. */
async function sharedWith({ principal, views, shares }: PromptReading): Promise<readonly StoredDocument<PromptDoc>[]> {
  const grantees = sharesWith(principal, 'prompt.view');
  if (grantees.length === 0) return [];
  const { documents } = await views.find(shareList, { grantee: { in: grantees }, kind: 'prompt' }, { limit: MOST });
  const ids = [...new Set(documents.map(({ doc }) => doc.resource))];
  const holds = await Promise.all(
    ids.map(async (id) => {
      const now = await shares(id);
      return grantees.some((grantee) => now.has(grantee));
    }),
  );
  const found = await views.getMany(
    prompts,
    ids.filter((_, at) => holds[at]),
  );
  return [...found.values()];
}

function shadowing(all: readonly KnownPrompt[]): readonly KnownPrompt[] {
  const names = new Set<string>();
  const marked = all.map((prompt) => {
    const shadowed = names.has(prompt.name);
    if (!prompt.kept?.archived) names.add(prompt.name);
    return { ...prompt, shadowed };
  });
  return marked.toSorted((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
}

/** What can be called by its name now. */
export const usable = (all: readonly KnownPrompt[]): readonly KnownPrompt[] => all.filter(({ kept, shadowed }) => !shadowed && !kept?.archived);

/** Sealed, by the id of the prompt. */
async function contentsOf(documents: readonly StoredDocument<PromptDoc>[], views: PromptReading['views']) {
  const keys = new Map(documents.map(({ id, doc }) => [id, versionKey(id, effectiveVersion(doc))]));
  const versions = await views.getMany(promptVersions, [...keys.values()]);
  const saying = new Map<string, PromptVersionDoc['sealed']>();
  const elsewhere = new Map<string, string>();
  for (const [id, key] of keys) {
    const found = versions.get(key)?.doc;
    if (found?.sealed) saying.set(id, found.sealed);
    else if (found) elsewhere.set(id, versionKey(id, found.content));
  }
  const more = elsewhere.size === 0 ? new Map() : await views.getMany(promptVersions, [...elsewhere.values()]);
  for (const [id, key] of elsewhere) saying.set(id, more.get(key)?.doc.sealed ?? null);
  return saying;
}

/** What one version says; undefined when there is no such version, or it cannot be opened. */
export async function contentOfVersion({ views, openDeep }: PromptReading, promptId: string, version: number): Promise<PromptContent | undefined> {
  const found = await views.get(promptVersions, versionKey(promptId, version));
  const saying = found?.doc.sealed ?? (found && (await views.get(promptVersions, versionKey(promptId, found.doc.content)))?.doc.sealed);
  if (!saying) return undefined;
  const { opened } = await openDeep({ opened: saying });
  return isUnopened(opened) ? undefined : PromptContent.parse((opened as { content: unknown }).content);
}
