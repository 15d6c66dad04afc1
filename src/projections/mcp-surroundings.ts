import semver from 'semver';
import { revisions } from '../domain/mcp-contract/contract.ts';
import type { VersionRules } from '../domain/mcp-plan/facts.ts';
import type { Surroundings } from '../domain/mcp-plan/requirements.ts';

/** Those of semver, calendar versions that read as such included; any other version is only equal to itself. */
export const versionRules: VersionRules = {
  satisfies: (version, range) =>
    semver.valid(version) !== null && semver.validRange(range) !== null
      ? semver.satisfies(version, range, { includePrerelease: true })
      : range === '*' || range === version,
  isPrerelease: (version) => (semver.prerelease(version) ?? []).length > 0,
};

/** This machine, and Annals as a client: it offers servers none of what they may ask of one. */
export const surroundings: Surroundings = {
  platform: process.platform,
  engines: { node: process.versions.node },
  client: [],
  extensions: [],
  revisions,
};
