import { type Chosen, type Fact, say, type Universe, type VersionRules } from './facts.ts';
import type { Installed } from './findings.ts';
import { startOrder } from './order.ts';
import { type Surroundings, whyUnusable } from './requirements.ts';
import { resolve } from './resolve.ts';

export interface PlanStep {
  readonly server: string;
  readonly action: 'keep' | 'update' | 'downgrade' | 'enable' | 'disable';
  readonly from: string;
  readonly to: string;
}
/**
 * What has to change so that everything fits, in the order in which it can be done; or the statements that contradict each other, and the fewest servers
 * that would have to be switched off so that the rest fits, where that is found.
 */
export type Plan =
  | { readonly ok: true; readonly steps: readonly PlanStep[] }
  | { readonly ok: false; readonly why: readonly string[]; readonly instead: readonly PlanStep[] | null };

export interface Planning {
  readonly on: readonly Installed[];
  /** Switched off: on again only where another needs them. */
  readonly off: readonly Installed[];
  readonly versions: ReadonlyMap<string, readonly string[]>;
  readonly here: Surroundings;
  readonly rules: VersionRules;
}

/** How many servers are switched off at most, and how many ways are tried. */
const MOST_OFF = 3;
const MOST_TRIES = 200;

export function planFor(planning: Planning): Plan {
  const { on, off, versions, rules } = planning;
  const all = [...on, ...off];
  const universe: Universe = {
    versions: new Map(all.map(({ server, version }) => [server, [...new Set([...(versions.get(server) ?? []), version])]])),
    facts: [...on.map(({ server }): Fact => ({ kind: 'wanted', server, range: '*' })), ...all.flatMap((one) => factsOf(one, planning))],
  };
  const installed = new Map(all.map(({ server, version }) => [server, version]));
  const found = resolve(universe, installed, rules);
  if (found.ok) return { ok: true, steps: stepsTo(found.chosen, planning, universe) };
  return { ok: false, why: found.conflict.map(say), instead: without(planning, universe, installed, found.conflict) };
}

/** The fewest of those that are wanted, and contradict something, without which there is a plan. */
function without(planning: Planning, universe: Universe, installed: Chosen, conflict: readonly Fact[]): readonly PlanStep[] | null {
  const wantedIn = (facts: readonly Fact[]): string[] => facts.flatMap((fact) => (fact.kind === 'wanted' ? [fact.server] : [])).toSorted();
  const open: { readonly gone: readonly string[]; readonly conflict: readonly Fact[] }[] = [{ gone: [], conflict }];
  let tries = 0;
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    for (const server of wantedIn(next.conflict)) {
      if (++tries > MOST_TRIES) return null;
      const gone = [...next.gone, server];
      const facts = universe.facts.filter((fact) => fact.kind !== 'wanted' || !gone.includes(fact.server));
      const found = resolve({ ...universe, facts }, installed, planning.rules);
      if (found.ok && !gone.some((each) => found.chosen.has(each))) return stepsTo(found.chosen, planning, universe);
      if (!found.ok && gone.length < MOST_OFF) open.push({ gone, conflict: found.conflict });
    }
  }
  return null;
}

function stepsTo(chosen: Chosen, { on, off }: Planning, { versions }: Universe): readonly PlanStep[] {
  const all = new Map([...on, ...off].map((one) => [one.server, one]));
  const isOn = new Set(on.map(({ server }) => server));
  const order = startOrder(new Map([...all.values()].map(({ server, needs: { requires } }) => [server, Object.keys(requires.servers)]))).flat();
  const steps = order.flatMap((server): PlanStep[] => {
    const from = all.get(server)?.version ?? '';
    const to = chosen.get(server);
    if (to === undefined) return isOn.has(server) ? [{ server, action: 'disable', from, to: from }] : [];
    const known = versions.get(server) ?? [];
    const moved = known.indexOf(to) < known.indexOf(from) ? 'update' : 'downgrade';
    const enabled: PlanStep[] = isOn.has(server) ? [] : [{ server, action: 'enable', from, to: from }];
    if (from !== to) return [...enabled, { server, action: moved, from, to }];
    return enabled.length > 0 ? enabled : [{ server, action: 'keep', from, to }];
  });
  // What is in the way goes first.
  return [...steps.filter(({ action }) => action === 'disable'), ...steps.filter(({ action }) => action !== 'disable')];
}

/** What is said of a server holds for each of its versions: it stands in its registration, not in a release. */
function factsOf({ server, version, needs }: Installed, { versions, here, rules }: Planning): Fact[] {
  const unusable = whyUnusable(needs, here, rules.satisfies);
  return [...new Set([version, ...(versions.get(server) ?? [])])].flatMap((each): Fact[] => {
    const release = { server, version: each };
    return [
      ...Object.entries(needs.requires.servers).map(([other, range]): Fact => ({ kind: 'requires', release, server: other, range })),
      ...Object.entries(needs.conflicts.servers).map(([other, range]): Fact => ({ kind: 'conflicts', release, server: other, range })),
      ...needs.conflicts.exclusive.map((resource): Fact => ({ kind: 'exclusive', release, resource })),
      ...unusable.map((reason): Fact => ({ kind: 'unusable', release, reason })),
    ];
  });
}
