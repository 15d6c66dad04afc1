import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { declaresFold, impurities, isQuery } from './impurities.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const notOurs = new Set(['.git', 'node_modules', 'dist', 'data', 'coverage', 'package-lock.json', 'LICENSE']);
const isText = /(^|\/)[^/.]+$|[.](c?js|tsx?|json|md|css|html|ya?ml|sh|svg|txt)$|(^|\/)([.][^/]+|Dockerfile)$/;

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Our own text files below a folder, as paths from the root. */
function files(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (notOurs.has(entry.name) || entry.name === '.env') return [];
    if (entry.isDirectory()) return files(path);
    return entry.isFile() && isText.test(path) ? [path] : [];
  });
}

/** Each line that matches, as `path:line`. */
const linesMatching = (paths: readonly string[], pattern: RegExp): readonly string[] =>
  paths.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
  );

test('no source file is longer than 300 lines', () => {
  const sources = ['src', 'web', 'packages'].flatMap(files).filter((path) => /[.]tsx?$/.test(path));
  expect(sources.length).toBeGreaterThan(20);
  expect(sources.map((path) => ({ path, lines: read(path).trimEnd().split('\n').length })).filter(({ lines }) => lines > 300)).toEqual([]);
});

test('what is left for later says why', () => {
  const marks = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b(?!: \\S.{20,})`);
  expect(linesMatching(files('.'), marks)).toEqual([]);
});

test('nothing speaks of the machine it was written on', () => {
  expect(linesMatching(files('.'), /(^|[\s'"`(=:])\/(work|root|farm|Users)\//)).toEqual([]);
});

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ resolved: z.string().optional(), link: z.boolean().optional(), optionalDependencies: z.record(z.string(), z.string()).default({}) }),
  ),
});
const locked = (): z.infer<typeof Lock>['packages'] => Lock.parse(JSON.parse(read('package-lock.json'))).packages;

test('the lockfile names packages and hashes, never the address of a registry', () => {
  const addressed = Object.entries(locked()).filter(([, { resolved, link }]) => resolved !== undefined && link !== true);
  expect(addressed.map(([name]) => name)).toEqual([]);
});

test('the lockfile names the binaries of every platform, for without one of them `npm ci` refuses', () => {
  const packages = locked();
  /** Where Node would look for a package: beside the one that needs it, then one level up, and so on. */
  const places = (from: string): readonly string[] =>
    from === '' ? [''] : [`${from}/`, ...places(from.slice(0, Math.max(0, from.lastIndexOf('node_modules/') - 1)))];
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
    Object.keys(optionalDependencies).filter((name) => !places(path).some((place) => `${place}node_modules/${name}` in packages)),
  );
  expect(missing).toEqual([]);
});

test('the domain has no clock, no randomness, no settings and no locale', () => {
  const domain = files('src/domain');
  expect(domain.length).toBeGreaterThan(5);
  expect(domain.flatMap((path) => impurities(read(path)).map((found) => `${path}:${found}`))).toEqual([]);
});

test('a fold is computed from its document and its event alone', () => {
  const folding = files('src/projections').filter((path) => declaresFold(read(path)));
  expect(folding.flatMap((path) => impurities(read(path), isQuery).map((found) => `${path}:${found}`))).toEqual([]);
});

test('every kind of impurity is found, and comments, texts and given times are not', () => {
  const impure = [
    'Date.now()',
    'new Date()',
    'Date()',
    'Math.random()',
    'crypto.randomUUID()',
    'randomUUID()',
    'performance.now()',
    'process.env',
    'globalThis.crypto',
    'a.localeCompare(b)',
    'x.toLocaleString()',
    'setTimeout(f)',
  ];
  for (const expression of impure) expect(impurities(`const f = () => [${expression}];`), expression).not.toEqual([]);
  const pure = `// Date.now()\nconst text = 'Math.random()';\nconst at = new Date(text).toISOString();\nconst min = Math.min(1, 2);`;
  expect(impurities(pure)).toEqual([]);
  const view = `export const view = { fold: (doc) => doc };\nexport const list = query('list', { run: () => Date.now() });`;
  expect(declaresFold(view)).toBe(true);
  expect(impurities(view, isQuery)).toEqual([]);
  expect(impurities(view.replace('=> doc', '=> Date.now()'), isQuery)).toEqual(['1: Date.now']);
});

test('no text is run as a program, and servers of tools and npm alone are started, without a shell', () => {
  const sources = ['src', 'web/src', 'packages'].flatMap(files).filter((path) => /[.]([jt]sx?|js)$/.test(path));
  // Nor in a box inside this process, which is none.
  expect(linesMatching(sources, /(?<![\w.`])eval\(|(?<!`)\bnew Function\(|['"](?:node:)?(?:vm|vm2|isolated-vm)['"]/)).toEqual([]);
  expect(linesMatching(sources, /node:child_process/).map((line) => line.replace(/:\d+$/, ''))).toEqual([
    'src/adapters/mcp/stdio-transport.ts',
    'src/adapters/npm/run-npm.ts',
  ]);
  expect(linesMatching(sources, /\bshell: (?!false)/)).toEqual([]);
});
