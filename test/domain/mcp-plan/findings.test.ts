import fc from 'fast-check';
import semver from 'semver';
import { expect, test } from 'vitest';
import { Contract } from '../../../src/domain/mcp-contract/contract.ts';
import { findConflicts, type Installed } from '../../../src/domain/mcp-plan/findings.ts';
import { inProtocolRange, Requirements, requirementsIn, type Surroundings } from '../../../src/domain/mcp-plan/requirements.ts';

const here: Surroundings = {
  platform: 'linux',
  engines: { node: '24.1.0' },
  client: ['elicitation.form'],
  extensions: [],
  revisions: ['2025-11-25', '2026-07-28'],
};
const tools = (...names: string[]) => Contract.parse({ revisions: [], tools: names.map((name) => ({ name, inputSchema: {} })) });
const installed = (server: string, says: object = {}, more: Partial<Installed> = {}): Installed => ({
  server,
  version: '1.2.0',
  needs: Requirements.parse(says),
  source: server,
  ...more,
});
const found = (...all: Installed[]) =>
  findConflicts(all, here, semver.satisfies).map(({ kind, server, other, remedy }) => ({ kind, server, other, hasRemedy: remedy.length > 10 }));
const finding = (kind: string, server: string, other: string) => ({ kind, server, other, hasRemedy: true });

test('servers that say nothing of others are in nobody’s way', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/)), (names) => {
      expect(found(...names.map((name) => installed(name)))).toEqual([]);
    }),
  );
});

test('each kind of conflict names both sides and what can be done', () => {
  const notes = installed('notes', {
    requires: { servers: { memory: '^2' }, tools: [{ server: 'memory', name: 'gone' }] },
    optional: { servers: { absent: '*' } },
  });
  expect(found(notes, installed('memory', {}, { contract: tools('read') }))).toEqual([
    finding('range', 'notes', 'memory'),
    finding('missing', 'notes', 'memory'),
  ]);
  expect(found(installed('notes', { requires: { servers: { memory: '*' } } }))).toEqual([finding('missing', 'notes', 'memory')]);
  expect(found(installed('fs', { conflicts: { servers: { other: '<2' } } }), installed('other'))).toEqual([finding('declared', 'fs', 'other')]);
  expect(found(installed('fs', { conflicts: { tools: ['write'] } }), installed('other', {}, { contract: tools('write') }))).toEqual([
    finding('declared', 'fs', 'other'),
  ]);
  expect(found(installed('a', {}, { contract: tools('same') }), installed('b', {}, { contract: tools('same') }))).toEqual([
    finding('name', 'a', 'b'),
  ]);
  const exclusive = { conflicts: { exclusive: ['root:/data'] } };
  expect(found(installed('a', exclusive), installed('b', exclusive))).toEqual([finding('exclusive', 'a', 'b')]);
  expect(found(installed('a', {}, { source: 'npm:x' }), installed('b', {}, { source: 'npm:x' }))).toEqual([finding('duplicate', 'a', 'b')]);
});

test('what cannot run here is told by its cause', () => {
  expect(found(installed('mac', { platforms: ['darwin'] }))).toEqual([finding('engine', 'mac', 'Annals')]);
  expect(found(installed('new', { engines: { node: '>=99' } }))).toEqual([finding('engine', 'new', 'Annals')]);
  expect(found(installed('old', { protocol: '<2025-01-01' }))).toEqual([finding('protocol', 'old', 'Annals')]);
  expect(found(installed('asks', { requires: { client: ['sampling'] } }))).toEqual([finding('client', 'asks', 'Annals')]);
  expect(
    found(
      installed('fine', {
        platforms: ['linux'],
        engines: { node: '>=20' },
        protocol: '>=2025-06-18 <=2026-07-28',
        requires: { client: ['elicitation.form'] },
      }),
    ),
  ).toEqual([]);
});

test('ranges of revisions go by the order of days', () => {
  const day = fc
    .date({ min: new Date('2024-01-01'), max: new Date('2027-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10));
  fc.assert(
    fc.property(day, day, day, (revision, low, high) => {
      expect(inProtocolRange(revision, `>=${low} <${high}`)).toBe(revision >= low && revision < high);
    }),
  );
});

test('what a server says of others stands in its metadata under our key, and nothing is needed where nothing is said', () => {
  const says = { requires: { servers: { memory: '^2' } } };
  expect(requirementsIn({ 'dev.annals/compat': says })).toEqual(Requirements.parse(says));
  expect(requirementsIn({ other: says })).toEqual(Requirements.parse({}));
  expect(() => requirementsIn({ 'dev.annals/compat': { requires: { servers: 'memory' } } })).toThrow();
});
