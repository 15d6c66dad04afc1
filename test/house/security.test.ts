import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync('docs/security.md', 'utf8');
const rows = page.split('\n').filter((line) => /^\| [A-Z]/.test(line) || /^\| (every|no|a|who|what) /.test(line));
/** `file` › what the name of a test or of a group of tests in it begins with. */
const references = rows.flatMap((row) =>
  [...row.matchAll(/`(test\/[\w./-]+\.ts)`(?: › ([^;|]*))?/g)].map(([, file = '', name = '']) => ({ file, name: name.trim() })),
);
const namesIn = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/(?:test|it|describe|describeInBrowser)(?:\.each\([^;]*?\))?\(\s*(['"`])((?:(?!\1).)*)\1/gs)].map(
    ([, , name = '']) => name,
  );

test('every test that the page about security names is there under that name', () => {
  expect(references.length).toBeGreaterThan(60);
  const missing = references.flatMap(({ file, name }) => {
    if (!existsSync(file)) return [`${file} is not there`];
    return namesIn(file).some((there) => there.includes(name)) ? [] : [`${file} has no test “${name}”`];
  });
  expect(missing).toEqual([]);
});

test('every line of attack that is in scope has a row', () => {
  const range = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, at) => `A${String(from + at).padStart(2, '0')}`);
  const named = new Set(
    rows.flatMap((row) => {
      const [, first = '', last] = /^\| (A\d\d)(?:–(A\d\d))? /.exec(row) ?? [];
      return last === undefined ? [first] : range(Number(first.slice(1)), Number(last.slice(1)));
    }),
  );
  expect([...range(1, 28), ...range(40, 47), ...range(70, 72)].filter((line) => !named.has(line))).toEqual([]);
});
