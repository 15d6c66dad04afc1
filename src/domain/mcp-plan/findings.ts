import type { Contract } from '../mcp-contract/contract.ts';
import type { Requirements, Surroundings } from './requirements.ts';
import { whyUnusable } from './requirements.ts';

/** A server as it is installed: what it says of itself, what was seen of it, and what of it is used by whom. */
export interface Installed {
  readonly server: string;
  readonly version: string;
  readonly needs: Requirements;
  readonly contract?: Contract | undefined;
  /** The package or the address, by which the same thing twice is recognised. */
  readonly source: string;
}

/** Two parties, the rule that keeps them apart, and what can be done. `other` is a server, or `Annals` and this machine. */
export interface Finding {
  readonly kind: 'declared' | 'range' | 'name' | 'protocol' | 'client' | 'engine' | 'exclusive' | 'duplicate' | 'missing';
  readonly server: string;
  readonly other: string;
  readonly what: string;
  readonly remedy: string;
}

type Satisfies = (version: string, range: string) => boolean;

/** Every conflict among what is installed: each names both sides and a remedy. */
export function findConflicts(all: readonly Installed[], here: Surroundings, satisfies: Satisfies): Finding[] {
  return [
    ...all.flatMap((one) => [
      ...needed(one, all, satisfies),
      ...declared(one, all, satisfies),
      ...unusable(one, here, satisfies),
      ...toolsNeeded(one, all),
    ]),
    ...clashes(all),
    ...exclusive(all),
    ...duplicates(all),
  ];
}

function needed({ server, needs }: Installed, all: readonly Installed[], satisfies: Satisfies): Finding[] {
  const ranges = [
    ...Object.entries(needs.requires.servers).map(([other, range]) => ({ other, range, optional: false })),
    ...Object.entries(needs.optional.servers).map(([other, range]) => ({ other, range, optional: true })),
  ];
  return ranges.flatMap(({ other, range, optional }): Finding[] => {
    const there = all.find((each) => each.server === other);
    if (!there) {
      if (optional) return [];
      return [
        { kind: 'missing', server, other, what: `${server} needs ${other} ${range}, which is not installed.`, remedy: `Install ${other} ${range}.` },
      ];
    }
    if (satisfies(there.version, range)) return [];
    const what = `${server} needs ${other} ${range}, and ${there.version} is installed.`;
    return [{ kind: 'range', server, other, what, remedy: `Change ${other} to a version in ${range}, or disable ${server}.` }];
  });
}

function toolsNeeded({ server, needs }: Installed, all: readonly Installed[]): Finding[] {
  return needs.requires.tools.flatMap(({ server: other, name }): Finding[] => {
    const contract = all.find((each) => each.server === other)?.contract;
    if (!contract || contract.tools.some((tool) => tool.name === name)) return [];
    return [
      {
        kind: 'missing',
        server,
        other,
        what: `${server} needs the tool ${name} of ${other}, which has none of that name.`,
        remedy: `Change ${other} to a version that has ${name}.`,
      },
    ];
  });
}

function declared({ server, needs }: Installed, all: readonly Installed[], satisfies: Satisfies): Finding[] {
  const servers = Object.entries(needs.conflicts.servers).flatMap(([other, range]): Finding[] => {
    const there = all.find((each) => each.server === other && other !== server);
    if (!there || !satisfies(there.version, range)) return [];
    return [
      {
        kind: 'declared',
        server,
        other,
        what: `${server} says that it does not work beside ${other} ${range}.`,
        remedy: `Disable one of them, or take another version of ${other}.`,
      },
    ];
  });
  const tools = all
    .filter((each) => each.server !== server)
    .flatMap(({ server: other, contract }) =>
      (contract?.tools ?? [])
        .filter(({ name }) => needs.conflicts.tools.includes(name))
        .map(
          ({ name }): Finding => ({
            kind: 'declared',
            server,
            other,
            what: `${server} says that it does not work beside a tool named ${name}, which ${other} has.`,
            remedy: `Disable ${name} of ${other}.`,
          }),
        ),
    );
  return [...servers, ...tools];
}

function unusable({ server, needs }: Installed, here: Surroundings, satisfies: Satisfies): Finding[] {
  return whyUnusable(needs, here, satisfies).map((why): Finding => {
    const kind = /protocol/.test(why) ? 'protocol' : /client|extension/.test(why) ? 'client' : 'engine';
    return { kind, server, other: 'Annals', what: `${server} cannot run here: ${why}.`, remedy: `Take another version of ${server}, or disable it.` };
  });
}

/** The same name of a tool, a prompt or a template at two servers. Models see names with the server's in front, so a person has to choose only where a name is said alone. */
function clashes(all: readonly Installed[]): Finding[] {
  const names = all.flatMap(({ server, contract }) => [
    ...(contract?.tools ?? []).map(({ name }) => ({ server, what: 'tool', name })),
    ...(contract?.prompts ?? []).map(({ name }) => ({ server, what: 'prompt', name })),
    ...(contract?.templates ?? []).map(({ uriTemplate }) => ({ server, what: 'template', name: uriTemplate })),
  ]);
  return [...Map.groupBy(names, ({ what, name }) => `${what} ${name}`).values()].flatMap(([first, ...others]) =>
    first
      ? others.map(
          ({ server: other, what, name }): Finding => ({
            kind: 'name',
            server: first.server,
            other,
            what: `${first.server} and ${other} both have a ${what} named ${name}.`,
            remedy: `Say whose you mean, or disable ${name} of one of them.`,
          }),
        )
      : [],
  );
}

function exclusive(all: readonly Installed[]): Finding[] {
  const claims = all.flatMap(({ server, needs }) => needs.conflicts.exclusive.map((resource) => ({ server, resource })));
  return [...Map.groupBy(claims, ({ resource }) => resource).values()].flatMap(([first, ...others]) =>
    first
      ? others.map(
          ({ server: other, resource }): Finding => ({
            kind: 'exclusive',
            server: first.server,
            other,
            what: `${first.server} and ${other} both need ${resource} for themselves.`,
            remedy: `Give one of them another ${resource.split(':')[0]}, or disable it.`,
          }),
        )
      : [],
  );
}

function duplicates(all: readonly Installed[]): Finding[] {
  return [...Map.groupBy(all, ({ source }) => source).values()].flatMap(([first, ...others]) =>
    first
      ? others.map(
          ({ server: other }): Finding => ({
            kind: 'duplicate',
            server: first.server,
            other,
            what: `${first.server} and ${other} are the same: ${first.source}.`,
            remedy: `Remove one of them.`,
          }),
        )
      : [],
  );
}
