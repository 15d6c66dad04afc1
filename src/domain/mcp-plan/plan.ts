import type { VersionRules } from './facts.ts';
import { type Finding, findConflicts, type Installed } from './findings.ts';
import { startOrder } from './order.ts';
import type { Surroundings } from './requirements.ts';
import { type Plan, planFor } from './steps.ts';

export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'requires' | 'optional' | 'conflicts' | 'replaces';
  /** A range of versions, or the names of tools. */
  readonly label: string;
}

export interface Dependencies {
  readonly edges: readonly Edge[];
  readonly findings: readonly Finding[];
  readonly order: readonly (readonly string[])[];
  readonly plan: Plan;
}

/** How the servers of one person stand to each other. `versions`: those of each that could be had, the newest first. `off`: servers that are switched off. */
export function dependenciesOf(
  all: readonly Installed[],
  versions: ReadonlyMap<string, readonly string[]>,
  here: Surroundings,
  rules: VersionRules,
  off: readonly Installed[] = [],
): Dependencies {
  const [named, idle] = [byOneName([...all, ...off]).slice(0, all.length), byOneName([...all, ...off]).slice(all.length)];
  const satisfies = rules.satisfies;
  const needs = new Map(named.map(({ server, needs: { requires } }) => [server, Object.keys(requires.servers)]));
  const order = startOrder(needs);
  return {
    edges: named.flatMap(edgesOf),
    findings: findConflicts(named, here, satisfies),
    order,
    plan: planFor({ on: named, off: idle, versions, here, rules }),
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
