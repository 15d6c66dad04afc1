import type { PromptContent } from './content.ts';

export interface DiffLine {
  readonly change: 'same' | 'added' | 'removed';
  readonly line: string;
}

/** A version as lines that people can compare. */
export function linesOf({ title, description, arguments: declared, messages }: PromptContent): string[] {
  const lines = [`title: ${title}`, `description: ${description}`];
  for (const { name, description: about, required, values } of declared) {
    const choice = values === undefined ? '' : ` [${values.join(', ')}]`;
    lines.push(`argument ${name}${required ? ' (required)' : ''}${about === undefined ? '' : `: ${about}`}${choice}`);
  }
  for (const { role, content } of messages) {
    lines.push(`${role}:`);
    if (content.type === 'text') lines.push(...content.text.split('\n'));
    else if (content.type === 'image') lines.push(`image ${content.mediaType} ${content.data}`);
    else {
      lines.push(`resource ${content.uri} ${content.mediaType ?? ''}`.trimEnd());
      if (content.text !== undefined) lines.push(...content.text.split('\n'));
      if (content.data !== undefined) lines.push(content.data);
    }
  }
  return lines;
}

/** So much is compared line by line; more is shown as taken out and put in. */
const MOST_CELLS = 4_000_000;

/** The shortest way from one text to the other, by lines. */
export function diffLines(from: readonly string[], to: readonly string[]): DiffLine[] {
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start++;
  let end = 0;
  while (end < from.length - start && end < to.length - start && from[from.length - 1 - end] === to[to.length - 1 - end]) end++;
  const same = (lines: readonly string[]): DiffLine[] => lines.map((line) => ({ change: 'same', line }));
  const middle = between(from.slice(start, from.length - end), to.slice(start, to.length - end));
  return [...same(from.slice(0, start)), ...middle, ...same(from.slice(from.length - end))];
}

function between(from: readonly string[], to: readonly string[]): DiffLine[] {
  const taken = (line: string): DiffLine => ({ change: 'removed', line });
  const put = (line: string): DiffLine => ({ change: 'added', line });
  if (from.length * to.length > MOST_CELLS) return [...from.map(taken), ...to.map(put)];
  // common[i][j]: how many lines the rests after i and j have in common.
  const width = to.length + 1;
  const common = new Uint32Array((from.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = from.length - 1; i >= 0; i--)
    for (let j = to.length - 1; j >= 0; j--) common[i * width + j] = from[i] === to[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < from.length && j < to.length) {
    if (from[i] === to[j]) {
      lines.push({ change: 'same', line: from[i] ?? '' });
      i++;
      j++;
    } else if (at(i + 1, j) >= at(i, j + 1)) lines.push(taken(from[i++] ?? ''));
    else lines.push(put(to[j++] ?? ''));
  }
  return [...lines, ...from.slice(i).map(taken), ...to.slice(j).map(put)];
}
