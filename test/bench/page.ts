import type { Row } from './measure.ts';

const beginning = (name: string): string => `<!-- measured: ${name} -->`;
const ending = (name: string): string => `<!-- end: ${name} -->`;

/** The page with the block of that name replaced; everything outside the blocks is written by people and kept. */
export function withBlock(page: string, name: string, lines: readonly string[]): string {
  const from = page.indexOf(beginning(name));
  const to = page.indexOf(ending(name));
  if (from < 0 || to < from) throw new Error(`The page has no place for "${name}": put ${beginning(name)} and ${ending(name)} where it belongs.`);
  return `${page.slice(0, from)}${beginning(name)}\n${lines.join('\n')}\n${page.slice(to)}`;
}

/** The rows as a table, with what was so when they were measured. */
export const tableOf = (rows: readonly Row[], circumstances: string): readonly string[] => [
  '',
  '| What | Annals | Beside it | Ratio | Aim | |',
  '| --- | ---: | ---: | ---: | ---: | --- |',
  ...rows.map(
    ({ what, figure, beside = '', ratio, aim, met }) =>
      `| ${what} | ${figure} | ${beside} | ${ratio === undefined ? '' : `${ratio.toFixed(2)}×`} | ${aim} | ${aim === '–' ? '' : met ? 'met' : '**missed**'} |`,
  ),
  '',
  circumstances,
  '',
];
