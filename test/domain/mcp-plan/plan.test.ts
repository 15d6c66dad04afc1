import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Installed } from '../../../src/domain/mcp-plan/findings.ts';
import { startOrder } from '../../../src/domain/mcp-plan/order.ts';
import { dependenciesOf } from '../../../src/domain/mcp-plan/plan.ts';
import { Requirements } from '../../../src/domain/mcp-plan/requirements.ts';
import { surroundings, versionRules } from '../../../src/projections/mcp-surroundings.ts';

const names = ['a', 'b', 'c', 'd', 'e'];
const needs = fc.dictionary(fc.constantFrom(...names), fc.subarray([...names, 'absent'])).map((all) => new Map(Object.entries(all)));

test('what a server needs is started before it, or with it where they need each other', () => {
  fc.assert(
    fc.property(needs, (all) => {
      const order = startOrder(all);
      expect(order.flat().toSorted()).toEqual([...all.keys()].toSorted());
      const groupOf = (server: string): number => order.findIndex((group) => group.includes(server));
      const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
        (all.get(from) ?? []).some((each) => each === to || (!seen.has(each) && reaches(each, to, seen.add(each))));
      for (const [server, others] of all) for (const other of others) if (all.has(other)) expect(groupOf(other)).toBeLessThanOrEqual(groupOf(server));
      for (const one of all.keys())
        for (const other of all.keys()) if (one !== other) expect(groupOf(one) === groupOf(other)).toBe(reaches(one, other) && reaches(other, one));
    }),
  );
});

const server = (name: string, version: string, says: object = {}): Installed => ({
  server: name,
  version,
  needs: Requirements.parse(says),
  source: `npm:@x/${name}`,
});

test('a plan updates what another needs newer, and nothing else; a need may name the package', () => {
  const all = [server('notes', '1.0.0', { requires: { servers: { '@x/memory': '^2' } } }), server('memory', '1.0.0'), server('clock', '1.0.0')];
  const versions = new Map(['memory', 'clock'].map((name) => [name, ['2.1.0', '2.0.0', '1.0.0']]));
  const { plan, findings, edges } = dependenciesOf(all, versions, surroundings, versionRules);
  expect(findings).toMatchObject([{ kind: 'range', server: 'notes', other: 'memory' }]);
  expect(edges).toEqual([{ from: 'notes', to: 'memory', kind: 'requires', label: '^2' }]);
  expect(plan).toEqual({
    ok: true,
    steps: [
      { server: 'clock', action: 'keep', from: '1.0.0', to: '1.0.0' },
      { server: 'memory', action: 'update', from: '1.0.0', to: '2.1.0' },
      { server: 'notes', action: 'keep', from: '1.0.0', to: '1.0.0' },
    ],
  });
});

test('where there is no plan, only the statements that contradict each other are said', () => {
  const all = [
    server('notes', '1.0.0', { requires: { servers: { memory: '^3' } } }),
    server('memory', '1.0.0'),
    server('clock', '1.0.0', { conflicts: { exclusive: ['port:1'] } }),
  ];
  const { plan } = dependenciesOf(all, new Map([['memory', ['2.0.0']]]), surroundings, versionRules);
  expect(plan).toEqual({
    ok: false,
    why: ['You want notes *.', 'notes 1.0.0 needs memory ^3.'],
    instead: [
      { server: 'notes', action: 'disable', from: '1.0.0', to: '1.0.0' },
      { server: 'clock', action: 'keep', from: '1.0.0', to: '1.0.0' },
      { server: 'memory', action: 'keep', from: '1.0.0', to: '1.0.0' },
    ],
  });
});

test('what is switched off comes back only where another needs it, and what cannot stay beside others goes first', () => {
  const notes = server('notes', '1.0.0', { requires: { servers: { memory: '^2' } } });
  const versions = new Map([['memory', ['2.0.0', '1.0.0']]]);
  const off = [server('memory', '1.0.0'), server('clock', '1.0.0')];
  const { plan } = dependenciesOf([notes], versions, surroundings, versionRules, off);
  expect(plan).toEqual({
    ok: true,
    steps: [
      { server: 'memory', action: 'enable', from: '1.0.0', to: '1.0.0' },
      { server: 'memory', action: 'update', from: '1.0.0', to: '2.0.0' },
      { server: 'notes', action: 'keep', from: '1.0.0', to: '1.0.0' },
    ],
  });
  const own = { conflicts: { exclusive: ['root:/data'] } };
  const rivals = [server('one', '1.0.0', own), server('other', '1.0.0', own), server('third', '1.0.0', own)];
  const crowded = dependenciesOf(rivals, new Map(), surroundings, versionRules).plan;
  expect(crowded.ok ? [] : crowded.instead?.map(({ server: of, action }) => `${action} ${of}`)).toEqual([
    'disable one',
    'disable other',
    'keep third',
  ]);
});
