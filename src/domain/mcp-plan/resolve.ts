import type { Chosen, Fact, Release, Universe, VersionRules } from './facts.ts';

export type Resolution = { readonly ok: true; readonly chosen: Chosen } | { readonly ok: false; readonly conflict: readonly Fact[] };

type Of<Kind extends Fact['kind']> = Extract<Fact, { kind: Kind }>;

/** The statements, found by the release they are about. */
interface Index {
  readonly wanted: readonly Of<'wanted'>[];
  readonly requires: ReadonlyMap<string, readonly Of<'requires'>[]>;
  readonly conflicts: ReadonlyMap<string, readonly Of<'conflicts'>[]>;
  readonly exclusive: ReadonlyMap<string, readonly Of<'exclusive'>[]>;
  readonly unusable: ReadonlySet<string>;
}

interface Search {
  readonly universe: Universe;
  readonly index: Index;
  readonly rules: VersionRules;
  readonly installed: Chosen;
}

const keyOf = (server: string, version: string): string => `${server} ${version}`;

/**
 * One version for each server that is wanted or needed, so that every statement holds: what is installed stays where it can, else the newest that is no
 * prerelease, and a prerelease last. Always the same answer to the same question. Where there is none, a smallest set of statements that contradict each other.
 */
export function resolve(universe: Universe, installed: Chosen, rules: VersionRules): Resolution {
  const found = solve(universe, installed, rules);
  return found ? { ok: true, chosen: found } : { ok: false, conflict: smallestConflict(universe, rules) };
}

function solve(universe: Universe, installed: Chosen, rules: VersionRules): Chosen | undefined {
  const answer = choose({ universe, index: indexOf(universe.facts), rules, installed }, new Map());
  return answer instanceof Map ? answer : undefined;
}

/** The choices completed, or the servers whose choices are to blame that it cannot be. */
function choose(search: Search, chosen: ReadonlyMap<string, string>): ReadonlyMap<string, string> | ReadonlySet<string> {
  const next = nextOf(search, chosen);
  if (next === undefined) return new Map([...chosen].sort(([one], [other]) => (one < other ? -1 : 1)));
  const blame = new Set<string>(next.demanders);
  for (const { version, blamed } of next.candidates) {
    if (blamed) {
      for (const server of blamed) blame.add(server);
      continue;
    }
    const answer = choose(search, new Map([...chosen, [next.server, version]]));
    if (answer instanceof Map) return answer;
    const blamedBelow = answer as ReadonlySet<string>;
    // Whatever is chosen here, the same contradiction remains: the choice to change lies further up.
    if (!blamedBelow.has(next.server)) return blamedBelow;
    for (const server of blamedBelow) if (server !== next.server) blame.add(server);
  }
  return blame;
}

interface Next {
  readonly server: string;
  /** The chosen servers that need it. */
  readonly demanders: readonly string[];
  /** In the order of preference; those that cannot be taken with the chosen servers that keep them out. */
  readonly candidates: readonly { readonly version: string; readonly blamed?: readonly string[] | undefined }[];
}

/** Of the servers that are demanded and not chosen yet, the one with the fewest possibilities. */
function nextOf(search: Search, chosen: Chosen): Next | undefined {
  const demands = new Map<string, { range: string; by?: string }[]>();
  const demand = (server: string, range: string, by?: string): void => {
    if (chosen.has(server)) return;
    demands.set(server, [...(demands.get(server) ?? []), { range, ...(by === undefined ? {} : { by }) }]);
  };
  for (const { server, range } of search.index.wanted) demand(server, range);
  for (const [by, version] of chosen) for (const { server, range } of search.index.requires.get(keyOf(by, version)) ?? []) demand(server, range, by);
  let best: (Next & { readonly open: number }) | undefined;
  for (const [server, all] of [...demands].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const candidates = preferred(search, server).map((version) => ({ version, blamed: whyNot(search, chosen, server, version, all) }));
    const open = candidates.filter(({ blamed }) => blamed === undefined).length;
    if (best === undefined || open < best.open) best = { server, candidates, open, demanders: all.flatMap(({ by }) => by ?? []) };
  }
  return best;
}

function preferred({ universe, installed, rules }: Search, server: string): readonly string[] {
  const versions = universe.versions.get(server) ?? [];
  const here = installed.get(server);
  const rank = (version: string): number => (version === here ? 0 : rules.isPrerelease(version) ? 2 : 1);
  return versions.toSorted((one, other) => rank(one) - rank(other));
}

/** The chosen servers that keep this release out (nobody, when it is unusable or not what is wanted); undefined when it can be taken. */
function whyNot(
  search: Search,
  chosen: Chosen,
  server: string,
  version: string,
  demands: readonly { range: string; by?: string }[],
): string[] | undefined {
  const { index, rules } = search;
  const key = keyOf(server, version);
  if (index.unusable.has(key)) return [];
  const unmet = demands.filter(({ range }) => !rules.satisfies(version, range));
  if (unmet.length > 0) return unmet.some(({ by }) => by === undefined) ? [] : unmet.slice(0, 1).flatMap(({ by }) => by ?? []);
  for (const wanted of index.wanted) if (wanted.server === server && !rules.satisfies(version, wanted.range)) return [];
  const meets = (at: string, range: string): boolean => chosen.has(at) && rules.satisfies(chosen.get(at) ?? '', range);
  for (const { server: needed, range } of index.requires.get(key) ?? []) {
    if (needed === server && !rules.satisfies(version, range)) return [];
    if (needed !== server && chosen.has(needed) && !meets(needed, range)) return [needed];
  }
  for (const { server: other, range } of index.conflicts.get(key) ?? []) if (other !== server && meets(other, range)) return [other];
  const resources = new Set((index.exclusive.get(key) ?? []).map(({ resource }) => resource));
  for (const [other, at] of chosen) {
    const theirs = keyOf(other, at);
    if ((index.conflicts.get(theirs) ?? []).some((each) => each.server === server && rules.satisfies(version, each.range))) return [other];
    if ((index.exclusive.get(theirs) ?? []).some(({ resource }) => resources.has(resource))) return [other];
  }
  return undefined;
}

/** Statements none of which can be left out: without any of them there would be a plan. */
function smallestConflict(universe: Universe, rules: VersionRules): readonly Fact[] {
  let kept = universe.facts.filter(reachable(universe));
  for (const fact of kept) {
    const without = kept.filter((each) => each !== fact);
    if (!solve({ ...universe, facts: without }, new Map(), rules)) kept = without;
  }
  return kept;
}

/** Only what is wanted, and what that may need in any version, can be part of a contradiction. */
function reachable({ facts, versions }: Universe): (fact: Fact) => boolean {
  const known = new Set<string>();
  const open = facts.flatMap((fact) => (fact.kind === 'wanted' ? [fact.server] : []));
  for (let server = open.pop(); server !== undefined; server = open.pop()) {
    if (known.has(server)) continue;
    known.add(server);
    for (const fact of facts) if (fact.kind === 'requires' && fact.release.server === server) open.push(fact.server);
  }
  return (fact) =>
    fact.kind === 'wanted' || (known.has(fact.release.server) && (versions.get(fact.release.server) ?? []).includes(fact.release.version));
}

function indexOf(facts: readonly Fact[]): Index {
  const byRelease = <Bound extends { readonly release: Release }>(bound: readonly Bound[]): ReadonlyMap<string, readonly Bound[]> =>
    Map.groupBy(bound, ({ release }) => keyOf(release.server, release.version));
  return {
    wanted: facts.filter((fact) => fact.kind === 'wanted'),
    requires: byRelease(facts.filter((fact) => fact.kind === 'requires')),
    conflicts: byRelease(facts.filter((fact) => fact.kind === 'conflicts')),
    exclusive: byRelease(facts.filter((fact) => fact.kind === 'exclusive')),
    unusable: new Set(byRelease(facts.filter((fact) => fact.kind === 'unusable')).keys()),
  };
}
