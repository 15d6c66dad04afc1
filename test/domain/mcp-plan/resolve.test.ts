import fc from 'fast-check';
import semver from 'semver';
import { expect, test } from 'vitest';
import { type Chosen, type Fact, say, type Universe, type VersionRules } from '../../../src/domain/mcp-plan/facts.ts';
import { resolve } from '../../../src/domain/mcp-plan/resolve.ts';

const rules: VersionRules = {
  satisfies: (version, range) => semver.satisfies(version, range, { includePrerelease: true }),
  isPrerelease: (version) => semver.prerelease(version) !== null,
};
const newestFirst = ['3.0.0-beta.1', '2.1.0', '2.0.0', '1.0.0'];
const ranges = ['*', '^2', '<2', '>=2.1', '1.0.0', '>=9'];
const servers = ['a', 'b', 'c', 'd'];

/** Whether every statement holds of what is chosen. */
function holds({ facts, versions }: Universe, chosen: Chosen): boolean {
  const meets = (server: string, range: string): boolean => chosen.has(server) && rules.satisfies(chosen.get(server) ?? '', range);
  const is = ({ server, version }: { server: string; version: string }): boolean => chosen.get(server) === version;
  const taken = new Map<string, string>();
  return (
    [...chosen].every(([server, version]) => versions.get(server)?.includes(version)) &&
    facts.every((fact) => {
      if (fact.kind === 'wanted') return meets(fact.server, fact.range);
      if (!is(fact.release)) return true;
      if (fact.kind === 'unusable') return false;
      if (fact.kind === 'requires') return meets(fact.server, fact.range);
      if (fact.kind === 'conflicts') return fact.server === fact.release.server || !meets(fact.server, fact.range);
      const holder = taken.get(fact.resource) ?? fact.release.server;
      taken.set(fact.resource, holder);
      return holder === fact.release.server;
    })
  );
}

/** Every choice there is, tried one after the other. */
function* everyChoice({ versions }: Universe): Generator<Chosen> {
  const all = [...versions];
  function* from(index: number, chosen: Chosen): Generator<Chosen> {
    const entry = all[index];
    if (!entry) return yield chosen;
    yield* from(index + 1, chosen);
    for (const version of entry[1]) yield* from(index + 1, new Map([...chosen, [entry[0], version]]));
  }
  yield* from(0, new Map());
}
const isPossible = (universe: Universe): boolean => everyChoice(universe).some((chosen) => holds(universe, chosen));

const server = fc.constantFrom(...servers);
const range = fc.constantFrom(...ranges);
const release = fc.record({ server, version: fc.constantFrom(...newestFirst) });
const fact: fc.Arbitrary<Fact> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wanted' as const), server, range: fc.constantFrom('*', '^2', '<3') }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('requires' as const), release, server, range }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('conflicts' as const), release, server, range }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('exclusive' as const), release, resource: fc.constantFrom('root:/data', 'port:1') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unusable' as const), release, reason: fc.constant('this is not its platform') }) },
);
const universe: fc.Arbitrary<Universe> = fc.record({
  versions: fc.tuple(...servers.map((name) => fc.subarray(newestFirst).map((versions) => [name, versions] as const))).map((all) => new Map(all)),
  facts: fc.array(fact, { maxLength: 14 }),
});
const installed = fc.dictionary(server, fc.constantFrom(...newestFirst)).map((all): Chosen => new Map(Object.entries(all)));

test('there is a plan exactly where trying everything finds one, and it respects every statement', () => {
  fc.assert(
    fc.property(universe, installed, (all, here) => {
      const answer = resolve(all, here, rules);
      expect(answer.ok).toBe(isPossible(all));
      if (answer.ok) expect(holds(all, answer.chosen)).toBe(true);
    }),
    { numRuns: 600 },
  );
});

test('without a plan it names statements that contradict each other, and none too many', () => {
  fc.assert(
    fc.property(universe, (all) => {
      const answer = resolve(all, new Map(), rules);
      if (answer.ok) return;
      expect(isPossible({ ...all, facts: answer.conflict })).toBe(false);
      for (const left of answer.conflict) expect(isPossible({ ...all, facts: answer.conflict.filter((each) => each !== left) })).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('what is installed and fits stays as it is, with nothing beside it', () => {
  fc.assert(
    fc.property(universe, installed, (all, here) => {
      const wanted = { ...all, facts: [...all.facts, ...[...here.keys()].map((name): Fact => ({ kind: 'wanted', server: name, range: '*' }))] };
      fc.pre(holds(wanted, here));
      expect(resolve(wanted, here, rules)).toEqual({ ok: true, chosen: new Map([...here].sort()) });
    }),
    { numRuns: 600 },
  );
});

test('the order in which statements come in changes nothing', () => {
  fc.assert(
    fc.property(universe, installed, (all, here) => {
      const turned = { ...all, facts: all.facts.toReversed() };
      const [one, other] = [resolve(all, here, rules), resolve(turned, here, rules)];
      expect(other.ok).toBe(one.ok);
      if (one.ok) expect(other).toEqual(one);
    }),
  );
});

test('a newer one is taken before an older one, and a prerelease only where nothing else will do', () => {
  const only = (facts: Fact[]) => resolve({ versions: new Map([['a', newestFirst]]), facts }, new Map(), rules);
  expect(only([{ kind: 'wanted', server: 'a', range: '*' }])).toEqual({ ok: true, chosen: new Map([['a', '2.1.0']]) });
  expect(only([{ kind: 'wanted', server: 'a', range: '>=2.5' }])).toEqual({ ok: true, chosen: new Map([['a', '3.0.0-beta.1']]) });
});

test('a conflict is told in sentences that name both sides', () => {
  const answer = resolve(
    {
      versions: new Map([
        ['notes', ['1.0.0']],
        ['memory', ['2.0.0', '1.0.0']],
      ]),
      facts: [
        { kind: 'wanted', server: 'notes', range: '*' },
        { kind: 'wanted', server: 'memory', range: '^2' },
        { kind: 'requires', release: { server: 'notes', version: '1.0.0' }, server: 'memory', range: '^1' },
      ],
    },
    new Map(),
    rules,
  );
  expect(answer.ok ? [] : answer.conflict.map(say)).toEqual(['You want notes *.', 'You want memory ^2.', 'notes 1.0.0 needs memory ^1.']);
});

test('fifty servers of ten versions that need each other are planned at once', () => {
  const names = Array.from({ length: 50 }, (_, index) => `s${index}`);
  const versions = Array.from({ length: 10 }, (_, index) => `${10 - index}.0.0`);
  const facts: Fact[] = names.flatMap((name, index) =>
    versions.map(
      (version): Fact => ({ kind: 'requires', release: { server: name, version }, server: names[(index * 7 + 3) % 50] ?? '', range: `<=${version}` }),
    ),
  );
  const answer = resolve(
    { versions: new Map(names.map((name) => [name, versions])), facts: [...facts, { kind: 'wanted', server: 's0', range: '*' }] },
    new Map(),
    rules,
  );
  expect(answer.ok).toBe(true);
});
