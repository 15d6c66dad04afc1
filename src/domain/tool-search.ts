import type { JsonObject } from './event.ts';

/** A tool as a model is told of it. */
export interface DescribedTool {
  readonly name: string;
  readonly description?: string;
  readonly parameters: JsonObject;
}

/** About four letters of JSON are a token: near enough for whether it is much. */
const LETTERS_A_TOKEN = 4;
export const estimatedTokens = (tools: readonly DescribedTool[]): number =>
  Math.ceil(
    tools.reduce((sum, { name, description = '', parameters }) => sum + name.length + description.length + JSON.stringify(parameters).length, 0) /
      LETTERS_A_TOKEN,
  );

/** The words of a text, also those of names in one piece: `getFile_by-id` has four. */
const wordsOf = (text: string): readonly string[] =>
  (
    text
      .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  ).map(stem);

/** Enough that a tool for `files` is found by `file`. */
const stem = (word: string): string => (word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word);

/** A word in the name says more than one in the description, and that more than one of an argument. */
const WEIGHTS = { name: 4, description: 2, arguments: 1 } as const;
// Of BM25, as usual.
const K1 = 1.2;
const B = 0.75;

function countsOf({ name, description = '', parameters }: DescribedTool): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const add = (text: string, weight: number): void => {
    for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + weight);
  };
  add(name, WEIGHTS.name);
  add(description, WEIGHTS.description);
  const { properties } = parameters;
  if (typeof properties === 'object' && properties !== null) add(Object.keys(properties).join(' '), WEIGHTS.arguments);
  return counts;
}

/** The tools that fit the query best, by BM25, the best first; those of equal rank in order of name. None that shares no word with it. */
export function rankTools<Tool extends DescribedTool>(tools: readonly Tool[], query: string, limit: number): readonly Tool[] {
  const wanted = new Set(wordsOf(query));
  const indexed = tools.map((tool) => {
    const counts = countsOf(tool);
    return { tool, counts, length: [...counts.values()].reduce((sum, count) => sum + count, 0) };
  });
  const mean = indexed.reduce((sum, { length }) => sum + length, 0) / Math.max(1, indexed.length);
  const rarity = new Map(
    [...wanted].map((word) => {
      const having = indexed.filter(({ counts }) => counts.has(word)).length;
      return [word, Math.log(1 + (indexed.length - having + 0.5) / (having + 0.5))];
    }),
  );
  const scored = indexed.map(({ tool, counts, length }) => {
    let score = 0;
    for (const [word, rare] of rarity) {
      const count = counts.get(word) ?? 0;
      score += (rare * count * (K1 + 1)) / (count + K1 * (1 - B + (B * length) / Math.max(1, mean)));
    }
    return { tool, score };
  });
  return scored
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || (a.tool.name < b.tool.name ? -1 : 1))
    .slice(0, limit)
    .map(({ tool }) => tool);
}
