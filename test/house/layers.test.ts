import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url));
const config = '.dependency-cruiser.cjs';
const depcruise = join(root, 'node_modules/.bin/depcruise');
const planted = mkdtempSync(join(tmpdir(), 'annals-layers-'));
afterAll(() => rmSync(planted, { recursive: true, force: true }));

const Cruise = z.object({
  modules: z.array(z.object({ source: z.string() })),
  summary: z.object({ violations: z.array(z.object({ from: z.string(), to: z.string(), rule: z.object({ name: z.string() }) })) }),
});

function cruise(folder: string) {
  const json = execFileSync(process.execPath, [depcruise, 'src', 'packages', 'web', '--config', config, '--output-type', 'json'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const { modules, summary } = Cruise.parse(JSON.parse(json));
  return {
    ours: modules.map(({ source }) => source).filter((source) => /^(src|packages|web)\//.test(source)),
    violations: summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`).sort(),
  };
}

/** A small house in which every arrow that is allowed is drawn once; each planted file adds one that is not. */
const soundHouse = {
  'src/domain/note.ts': `import { z } from 'zod';\nimport './title.ts';\nexport const Note = z.string();`,
  'src/domain/title.ts': 'export const title = 1;',
  'src/adapters/event-store/port.ts': `export type { Note } from '../../domain/note.ts';`,
  'src/adapters/event-store/loader.ts': `import type {} from './port.ts';\nimport '../../domain/note.ts';`,
  'src/adapters/event-store/sqlite.ts': `import 'node:sqlite';\nimport './loader.ts';\nimport type {} from './port.ts';\nimport type {} from '../key-vault/port.ts';\nimport '../../domain/note.ts';`,
  'src/adapters/key-vault/port.ts': `export type { Note } from '../../domain/note.ts';`,
  'src/adapters/key-vault/file.ts': `import 'node:fs';\nimport type {} from './port.ts';`,
  'src/adapters/model-provider/openai.ts': `import 'openai';`,
  'src/permissions/ability.ts': `import '../domain/note.ts';`,
  'src/commands/note.ts': `import '../permissions/ability.ts';\nimport '../domain/note.ts';\nimport '../adapters/event-store/loader.ts';\nimport type {} from '../adapters/key-vault/port.ts';\nexport const tell = 1;`,
  'src/projections/notes.ts': `import '../domain/note.ts';\nimport type {} from '../adapters/event-store/port.ts';`,
  'src/workers/remind.ts': `import '../commands/note.ts';\nimport '../projections/notes.ts';\nimport '../domain/note.ts';\nimport type {} from '../adapters/event-store/port.ts';`,
  'src/api/rest/notes.ts': `import 'express';\nimport '../../commands/note.ts';\nimport '../../projections/notes.ts';\nimport '../../domain/note.ts';`,
  'src/main.js': `import './main/start.ts';\nimport './adapters/event-store/sqlite.ts';\nimport './adapters/key-vault/file.ts';\nimport './adapters/model-provider/openai.ts';`,
  'src/main/start.ts': `import '../api/rest/notes.ts';\nimport '../workers/remind.ts';`,
  'web/src/app.ts': `import 'react';\nimport '../../packages/client/src/annals.ts';`,
  'packages/client/src/annals.ts': `import './fetch.ts';`,
  'packages/client/src/fetch.ts': 'export const get = 1;',
};

/** File → what it says, and the rules that must find it. Type-only imports count as imports. */
const plantedFiles: Record<string, readonly [source: string, ...found: string[]]> = {
  'src/domain/clock.ts': [`import 'node:timers';`, 'domain-is-pure: src/domain/clock.ts → timers'],
  'src/domain/far.ts': [`import type {} from '../commands/note.ts';`, 'domain-is-pure: src/domain/far.ts → src/commands/note.ts'],
  'src/domain/parcel.ts': [`import 'uuid';`, 'domain-is-pure: src/domain/parcel.ts → node_modules/uuid'],
  'src/permissions/asker.ts': [`import '../commands/note.ts';`, 'permissions-arrows: src/permissions/asker.ts → src/commands/note.ts'],
  'src/commands/view.ts': [`import '../projections/notes.ts';`, 'commands-arrows: src/commands/view.ts → src/projections/notes.ts'],
  'src/commands/door.ts': [`import type {} from '../api/rest/notes.ts';`, 'commands-arrows: src/commands/door.ts → src/api/rest/notes.ts'],
  'src/commands/store.ts': [
    `import '../adapters/event-store/sqlite.ts';`,
    'commands-arrows: src/commands/store.ts → src/adapters/event-store/sqlite.ts',
    'only-main-picks-adapters: src/commands/store.ts → src/adapters/event-store/sqlite.ts',
  ],
  'src/projections/teller.ts': [`import '../commands/note.ts';`, 'projections-arrows: src/projections/teller.ts → src/commands/note.ts'],
  'src/workers/door.ts': [`import '../api/rest/notes.ts';`, 'workers-arrows: src/workers/door.ts → src/api/rest/notes.ts'],
  'src/api/worker.ts': [`import '../workers/remind.ts';`, 'api-arrows: src/api/worker.ts → src/workers/remind.ts'],
  'src/api/port.ts': [`import type {} from '../adapters/event-store/port.ts';`, 'api-arrows: src/api/port.ts → src/adapters/event-store/port.ts'],
  'src/adapters/key-vault/neighbour.ts': [
    `import '../event-store/sqlite.ts';`,
    'adapter-arrows: src/adapters/key-vault/neighbour.ts → src/adapters/event-store/sqlite.ts',
  ],
  'src/adapters/key-vault/teller.ts': [`import '../../commands/note.ts';`, 'adapter-arrows: src/adapters/key-vault/teller.ts → src/commands/note.ts'],
  'src/adapters/blobs/port.ts': [`import './folder.ts';`, 'port-knows-no-adapter: src/adapters/blobs/port.ts → fs'],
  'src/adapters/blobs/folder.ts': [`import 'node:fs';`],
  'src/settings.ts': [`import './adapters/key-vault/file.ts';`, 'only-main-picks-adapters: src/settings.ts → src/adapters/key-vault/file.ts'],
  'src/restart.ts': [`import './main/start.ts';`, 'nobody-imports-main: src/restart.ts → src/main/start.ts'],
  'src/projections/database.ts': [`import 'node:sqlite';`, 'real-things-behind-ports: src/projections/database.ts → node:sqlite'],
  'src/workers/model.ts': [`import type {} from 'openai';`, 'real-things-behind-ports: src/workers/model.ts → node_modules/openai'],
  'web/src/peek.ts': [`import type {} from '../../src/domain/note.ts';`, 'web-knows-no-server: web/src/peek.ts → src/domain/note.ts'],
  'packages/client/src/peek.ts': [`import '../../../src/domain/note.ts';`, 'packages-stand-alone: packages/client/src/peek.ts → src/domain/note.ts'],
  'src/api/tool.ts': [`import 'fast-check';`, 'server-needs-no-dev-dependency: src/api/tool.ts → node_modules/fast-check'],
  'src/api/hen.ts': [`import './egg.ts';`],
  'src/api/egg.ts': [`import './hen.ts';`, 'no-circular: src/api/egg.ts → src/api/hen.ts'],
  'src/api/alone.ts': ['export const alone = 1;', 'no-orphans: src/api/alone.ts → src/api/alone.ts'],
  'src/api/gone.ts': [`import './nowhere.ts';`, 'no-unresolvable: src/api/gone.ts → ./nowhere.ts'],
};

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(dirname(join(planted, path)), { recursive: true });
    writeFileSync(join(planted, path), `${source}\n`);
  }
}

test('the arrows of the house point one way only, and the tool sees its modules', () => {
  const { ours, violations } = cruise(root);
  expect(violations).toEqual([]);
  expect(ours.length).toBeGreaterThan(20);
});

test('arrows that are allowed pass, and each planted violation is found by the rule that forbids it', () => {
  for (const file of [config, 'tsconfig.json', 'package.json']) cpSync(join(root, file), join(planted, file));
  symlinkSync(join(root, 'node_modules'), join(planted, 'node_modules'));
  write(soundHouse);
  expect(cruise(planted).violations).toEqual([]);

  write(Object.fromEntries(Object.entries(plantedFiles).map(([path, [source]]) => [path, source])));
  const found = cruise(planted).violations.map((violation) => violation.replace(/→ .*?(node_modules\/[^/]+).*/, '→ $1'));
  expect(found).toEqual(
    Object.values(plantedFiles)
      .flatMap(([, ...rules]) => rules)
      .sort(),
  );
});

test('every rule has a violation that is planted', async () => {
  const { default: rules } = z
    .object({ default: z.object({ forbidden: z.array(z.object({ name: z.string() })) }) })
    .parse(await import('../../.dependency-cruiser.cjs' as string));
  const proved = new Set(Object.values(plantedFiles).flatMap(([, ...found]) => found.map((line) => line.split(':')[0])));
  expect(rules.forbidden.map(({ name }) => name).filter((name) => !proved.has(name))).toEqual([]);
});
