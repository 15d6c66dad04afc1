import { type Fact, say, type Universe, type VersionRules } from './facts.ts';
import { type Finding, findConflicts, type Installed } from './findings.ts';
import { startOrder } from './order.ts';
import { type Surroundings, whyUnusable } from './requirements.ts';
import { resolve } from './resolve.ts';

export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'requires' | 'optional' | 'conflicts' | 'replaces';
  /** A range of versions, or the names of tools. */
  readonly label: string;
}

/** What has to change so that everything fits, in the order in which it can be done; or the statements that contradict each other. */
export type Plan =
  | { readonly ok: true; readonly steps: readonly { server: string; action: 'keep' | 'update' | 'downgrade'; from: string; to: string }[] }
  | { readonly ok: false; readonly why: readonly string[] };

export interface Dependencies {
  readonly edges: readonly Edge[];
  readonly findings: readonly Finding[];
  readonly order: readonly (readonly string[])[];
  readonly plan: Plan;
}

/** How the servers of one person stand to each other. `versions`: those of each that could be had, the newest first. */
export function dependenciesOf(
  all: readonly Installed[],
  versions: ReadonlyMap<string, readonly string[]>,
  here: Surroundings,
  rules: VersionRules,
): Dependencies {
  const named = byOneName(all);
  const satisfies = rules.satisfies;
  const needs = new Map(named.map(({ server, needs: { requires } }) => [server, Object.keys(requires.servers)]));
  const order = startOrder(needs);
  return {
    edges: named.flatMap(edgesOf),
    findings: findConflicts(named, here, satisfies),
    order,
    plan: planFor(named, versions, here, rules, order.flat()),
  };
}

/** Requirements may name a server by its short name, or by its package: from here on it has the short name. */
export function byOneName(all: readonly Installed[]): Installed[] {
  const known = new Set(all.map(({ server }) => server));
  const bySource = new Map(all.toReversed().map(({ server, source }) => [source, server]));
  const nameOf = (name: string): string => (known.has(name) ? name : (bySource.get(`npm:${name}`) ?? name));
  const renamed = <Value>(ranges: Readonly<Record<string, Value>>): Record<string, Value> =>
    Object.fromEntries(Object.entries(ranges).map(([name, value]) => [nameOf(name), value]));
  return all.map(({ needs, ...rest }) => ({
    ...rest,
    needs: {
      ...needs,
      requires: {
        ...needs.requires,
        servers: renamed(needs.requires.servers),
        tools: needs.requires.tools.map((tool) => ({ ...tool, server: nameOf(tool.server) })),
      },
      optional: { servers: renamed(needs.optional.servers) },
      conflicts: { ...needs.conflicts, servers: renamed(needs.conflicts.servers) },
      replaces: renamed(needs.replaces),
    },
  }));
}

function edgesOf({ server, needs }: Installed): Edge[] {
  const ranges = (kind: Edge['kind'], said: Readonly<Record<string, string>>): Edge[] =>
    Object.entries(said).map(([to, label]) => ({ from: server, to, kind, label }));
  const tools = [...Map.groupBy(needs.requires.tools, ({ server: to }) => to)].map(
    ([to, named]): Edge => ({ from: server, to, kind: 'requires', label: named.map(({ name }) => name).join(', ') }),
  );
  return [
    ...ranges('requires', needs.requires.servers),
    ...tools,
    ...ranges('optional', needs.optional.servers),
    ...ranges('conflicts', needs.conflicts.servers),
    ...ranges('replaces', needs.replaces),
  ];
}

function planFor(
  all: readonly Installed[],
  versions: ReadonlyMap<string, readonly string[]>,
  here: Surroundings,
  rules: VersionRules,
  order: readonly string[],
): Plan {
  const universe: Universe = {
    versions: new Map(all.map(({ server, version }) => [server, [...new Set([...(versions.get(server) ?? []), version])]])),
    facts: all.flatMap((one) => factsOf(one, versions.get(one.server) ?? [], here, rules)),
  };
  const installed = new Map(all.map(({ server, version }) => [server, version]));
  const found = resolve(universe, installed, rules);
  if (!found.ok) return { ok: false, why: found.conflict.map(say) };
  return {
    ok: true,
    steps: order.flatMap((server) => {
      const [from, to] = [installed.get(server), found.chosen.get(server)];
      if (from === undefined || to === undefined) return [];
      const known = universe.versions.get(server) ?? [];
      const action = from === to ? 'keep' : known.indexOf(to) < known.indexOf(from) ? 'update' : 'downgrade';
      return [{ server, action, from, to } as const];
    }),
  };
}

/** What is said of a server holds for each of its versions: it stands in its registration, not in a release. */
function factsOf({ server, version, needs }: Installed, others: readonly string[], here: Surroundings, rules: VersionRules): Fact[] {
  const unusable = whyUnusable(needs, here, rules.satisfies);
  return [
    { kind: 'wanted', server, range: '*' },
    ...[...new Set([version, ...others])].flatMap((each): Fact[] => {
      const release = { server, version: each };
      return [
        ...Object.entries(needs.requires.servers).map(([other, range]): Fact => ({ kind: 'requires', release, server: other, range })),
        ...Object.entries(needs.conflicts.servers).map(([other, range]): Fact => ({ kind: 'conflicts', release, server: other, range })),
        ...needs.conflicts.exclusive.map((resource): Fact => ({ kind: 'exclusive', release, resource })),
        ...unusable.map((reason): Fact => ({ kind: 'unusable', release, reason })),
      ];
    }),
  ];
}
