/** A server at one version. */
export interface Release {
  readonly server: string;
  readonly version: string;
}

/**
 * All that a plan has to respect, one plain statement each, so that a minimal set of those that contradict each other can be named.
 * `unusable` says why a release cannot run here at all: its platform, its engine, its protocol, or what it needs of the client.
 */
export type Fact =
  | { readonly kind: 'wanted'; readonly server: string; readonly range: string }
  | { readonly kind: 'requires'; readonly release: Release; readonly server: string; readonly range: string }
  | { readonly kind: 'conflicts'; readonly release: Release; readonly server: string; readonly range: string }
  | { readonly kind: 'exclusive'; readonly release: Release; readonly resource: string }
  | { readonly kind: 'unusable'; readonly release: Release; readonly reason: string };

export interface Universe {
  /** By server, its versions from the newest on. */
  readonly versions: ReadonlyMap<string, readonly string[]>;
  readonly facts: readonly Fact[];
}

/** What is known of versions; those of semver where they can be read as such, equality elsewhere. */
export interface VersionRules {
  satisfies(version: string, range: string): boolean;
  isPrerelease(version: string): boolean;
}

export type Chosen = ReadonlyMap<string, string>;

const nameOf = ({ server, version }: Release): string => `${server} ${version}`;

/** The statement in words. */
export function say(fact: Fact): string {
  switch (fact.kind) {
    case 'wanted':
      return `You want ${fact.server} ${fact.range}.`;
    case 'requires':
      return `${nameOf(fact.release)} needs ${fact.server} ${fact.range}.`;
    case 'conflicts':
      return `${nameOf(fact.release)} does not work beside ${fact.server} ${fact.range}.`;
    case 'exclusive':
      return `${nameOf(fact.release)} needs ${fact.resource} for itself.`;
    case 'unusable':
      return `${nameOf(fact.release)} cannot run here: ${fact.reason}.`;
    default:
      return fact satisfies never;
  }
}
