import { z } from 'zod';
import { BadCursor } from '../../adapters/document-store/cursor.ts';
import {
  completions,
  diffLines,
  expand,
  linesOf,
  missingArguments,
  PromptId,
  PromptName,
  PromptValues,
  PromptVersion,
} from '../../domain/prompt/index.ts';
import { contentOfVersion, type KnownPrompt, usable, visiblePrompts } from '../prompt-reading.ts';
import { type QueryContext, query } from '../query.ts';
import { prompts, promptVersions } from '../views/prompts.ts';
import { shareList } from '../views/shares.ts';
import { pageFields, pageOptions } from './page.ts';
import { anyPerson } from './policy.ts';

const views = [prompts, promptVersions, shareList];

/** A prompt without what it says. */
const shown = ({ content: { title, description, arguments: declared }, kept, ...prompt }: KnownPrompt) => ({
  ...prompt,
  title,
  description,
  arguments: declared,
  ...(kept ?? { visibility: null, archived: false, latest: null, pinned: null, uses: null, lastUsedAt: null, createdAt: null, updatedAt: null }),
});

const matches = ({ name, content }: KnownPrompt, wanted: string): boolean =>
  wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => [name, content.title, content.description].some((text) => text.toLowerCase().includes(word)));

/** Every prompt one can use, by name: one's own, those shown to everybody, the system's. */
export const listPrompts = query('listPrompts', {
  input: z.object({
    source: z.enum(['own', 'shared', 'system']).optional(),
    state: z.enum(['active', 'archived', 'all']).default('active'),
    search: z.string().max(200).optional().describe('Words in the name, the title or the description.'),
    usable: z.enum(['true', 'false']).optional().describe('`true`: without those whose name leads to another one.'),
    ...pageFields(500),
  }),
  policy: anyPerson,
  views,
  run: async ({ source, state, search, usable: only, ...page }, context) => {
    const all = await visiblePrompts(context);
    const wanted = (only === 'true' ? usable(all) : all).filter(
      (prompt) =>
        (source === undefined || prompt.source === source) &&
        (state === 'all' || (prompt.kept?.archived ?? false) === (state === 'archived')) &&
        (search === undefined || matches(prompt, search)),
    );
    return paged(wanted.map(shown), page);
  },
});

/** By name, then id: a place in the list that stays where it is whatever comes and goes. */
function paged<Item extends { readonly id: string; readonly name: string }>(
  items: readonly Item[],
  page: { cursor?: string | undefined; limit?: number | undefined },
) {
  const { limit } = pageOptions(page, 50);
  const place = ({ name, id }: Item): string => `${name} ${id}`;
  const ordered = items.toSorted((one, other) => (place(one) < place(other) ? -1 : 1));
  const after = page.cursor === undefined ? undefined : placeIn(page.cursor);
  const rest = after === undefined ? ordered : ordered.filter((item) => place(item) > after);
  const found = rest.slice(0, limit);
  const last = found.at(-1);
  return { prompts: found, ...(rest.length > found.length && last ? { next: Buffer.from(place(last)).toString('base64url') } : {}) };
}

function placeIn(cursor: string): string {
  const place = Buffer.from(cursor, 'base64url').toString();
  if (/^[a-z0-9_-]+ prompt_[a-z0-9_]+$/.test(place)) return place;
  throw new BadCursor();
}

/** By its id, or the one that its name leads to. */
async function found(context: QueryContext, wanted: { promptId?: string | undefined; name?: string | undefined }): Promise<KnownPrompt | undefined> {
  const all = await visiblePrompts(context);
  return wanted.promptId === undefined ? usable(all).find(({ name }) => name === wanted.name) : all.find(({ id }) => id === wanted.promptId);
}

export const getPrompt = query('getPrompt', {
  input: z.object({ promptId: PromptId }),
  policy: anyPerson,
  views,
  run: async (wanted, context) => {
    const prompt = await found(context, wanted);
    return prompt && { ...shown(prompt), messages: prompt.content.messages };
  },
});

/** Of one's own: who changed it when, the newest first. */
export const listPromptVersions = query('listPromptVersions', {
  input: z.object({ promptId: PromptId, ...pageFields(500) }),
  policy: anyPerson,
  views,
  run: async ({ promptId, ...page }, context) => {
    if ((await found(context, { promptId }))?.source !== 'own') return undefined;
    const { documents, next } = await context.views.find(promptVersions, { promptId }, { sort: [['version', 'desc']], ...pageOptions(page, 50) });
    const versions = documents.map(({ doc: { version, content, actor, createdAt } }) => ({
      version,
      rolledBackTo: content === version ? null : content,
      actor,
      createdAt,
    }));
    return { versions, ...(next === undefined ? {} : { next }) };
  },
});

export const getPromptVersion = query('getPromptVersion', {
  input: z.object({ promptId: PromptId, version: z.coerce.number().pipe(PromptVersion) }),
  policy: anyPerson,
  views,
  run: async ({ promptId, version }, context) => {
    if ((await found(context, { promptId }))?.source !== 'own') return undefined;
    const content = await contentOfVersion(context, promptId, version);
    return content && { promptId, version, content };
  },
});

/** What changed between two versions of one's own prompt, line by line. */
export const comparePromptVersions = query('comparePromptVersions', {
  input: z.object({ promptId: PromptId, from: z.coerce.number().pipe(PromptVersion), to: z.coerce.number().pipe(PromptVersion) }),
  policy: anyPerson,
  views,
  run: async ({ promptId, from, to }, context) => {
    if ((await found(context, { promptId }))?.source !== 'own') return undefined;
    const [before, after] = await Promise.all([contentOfVersion(context, promptId, from), contentOfVersion(context, promptId, to)]);
    return before && after && { promptId, from, to, lines: diffLines(linesOf(before), linesOf(after)) };
  },
});

/** A prompt with its arguments filled in; where required ones are missing it says which, and no messages. */
export const expandPrompt = query('expandPrompt', {
  input: z.object({
    promptId: PromptId.optional(),
    name: PromptName.optional(),
    version: PromptVersion.optional(),
    arguments: PromptValues.default({}),
  }),
  policy: anyPerson,
  views,
  run: async ({ version: wanted, arguments: values, ...which }, context) => {
    const prompt = await found(context, which);
    if (!prompt || (wanted !== undefined && prompt.source !== 'own')) return undefined;
    const content = wanted === undefined ? prompt.content : await contentOfVersion(context, prompt.id, wanted);
    if (content === undefined) return undefined;
    const { id: promptId, name, source } = prompt;
    const { title, description } = content;
    const missing = missingArguments(content, values);
    const messages = missing.length > 0 ? [] : expand(content, values);
    return { promptId, name, source, version: wanted ?? prompt.version, title, description, missing, messages };
  },
});

/** Values that go on from what has been typed. */
export const completePromptArgument = query('completePromptArgument', {
  input: z.object({ name: PromptName, argument: z.string().max(64), value: z.string().max(1000).default('') }),
  policy: anyPerson,
  views,
  run: async ({ name, argument, value }, context) => {
    const prompt = await found(context, { name });
    return prompt && completions(prompt.content, argument, value);
  },
});
