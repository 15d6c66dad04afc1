import type { JsonObject } from '../event.ts';
import type { Contract, ContractTool } from './contract.ts';
import { isObject, typesOf } from './json-schema.ts';

export interface RenameCandidate {
  readonly from: string;
  readonly to: string;
  /** From 0 to 1: how alike names, descriptions and arguments are. */
  readonly likeness: number;
  /** By name of an old argument, the new one that takes its place. */
  readonly arguments: Readonly<Record<string, string>>;
  /** Old arguments without a place, and new ones that have to be given and were not there. */
  readonly lost: readonly string[];
  readonly missing: readonly string[];
}

/** Less alike than this, a new tool is no candidate. */
const ALIKE = 0.4;

/** For each tool that is gone, the new tools that may be it under another name, the likeliest first. */
export function renameCandidates(before: Contract, after: Contract): RenameCandidate[] {
  const known = new Set(before.tools.map(({ name }) => name));
  const kept = new Set(after.tools.map(({ name }) => name));
  const added = after.tools.filter(({ name }) => !known.has(name));
  return before.tools
    .filter(({ name }) => !kept.has(name))
    .flatMap((gone) =>
      added
        .map((each) => candidate(gone, each))
        .filter(({ likeness }) => likeness >= ALIKE)
        .toSorted((one, other) => other.likeness - one.likeness || (one.to < other.to ? -1 : 1)),
    );
}

function candidate(gone: ContractTool, added: ContractTool): RenameCandidate {
  const [old, now] = [argumentsOf(gone), argumentsOf(added)];
  const map = argumentMap(old, now);
  const lost = [...old.keys()].filter((name) => !Object.hasOwn(map, name));
  const taken = new Set(Object.values(map));
  const required = requiredOf(added);
  const size = Math.max(old.size, now.size);
  const shape = size === 0 ? 1 : Object.keys(map).length / size;
  const names = alike(words(gone.name), words(added.name));
  const texts = alike(words(gone.description ?? ''), words(added.description ?? ''));
  const likeness = Math.round((0.35 * names + 0.35 * texts + 0.3 * shape) * 100) / 100;
  return {
    from: gone.name,
    to: added.name,
    likeness,
    arguments: map,
    lost,
    missing: [...now.keys()].filter((name) => required.has(name) && !taken.has(name)),
  };
}

/** Arguments of the same name first, then of a name alike; the types must have something in common. */
function argumentMap(old: ReadonlyMap<string, JsonObject>, now: ReadonlyMap<string, JsonObject>): Record<string, string> {
  const map: Record<string, string> = {};
  const free = new Set(now.keys());
  const take = (from: string, to: string): void => {
    map[from] = to;
    free.delete(to);
  };
  for (const [name, schema] of old) if (free.has(name) && haveTypeInCommon(schema, now.get(name) ?? {})) take(name, name);
  for (const [name, schema] of old) {
    if (Object.hasOwn(map, name)) continue;
    const best = [...free]
      .filter((each) => haveTypeInCommon(schema, now.get(each) ?? {}))
      .map((each) => ({ each, likeness: alike(words(name), words(each)) }))
      .toSorted((one, other) => other.likeness - one.likeness)[0];
    if (best && best.likeness >= ALIKE) take(name, best.each);
  }
  return map;
}

/** The arguments of a call of the old tool, as those of the new one. */
export const moved = ({ arguments: map }: RenameCandidate, given: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(given).flatMap(([name, value]) => (Object.hasOwn(map, name) ? [[map[name], value]] : [])));

function argumentsOf({ inputSchema }: ContractTool): ReadonlyMap<string, JsonObject> {
  const properties = isObject(inputSchema) && isObject(inputSchema['properties']) ? inputSchema['properties'] : {};
  return new Map(Object.entries(properties).map(([name, schema]) => [name, isObject(schema) ? schema : {}]));
}

function requiredOf({ inputSchema }: ContractTool): ReadonlySet<string> {
  const required = isObject(inputSchema) ? inputSchema['required'] : [];
  return new Set(Array.isArray(required) ? required.map(String) : []);
}

const haveTypeInCommon = (one: JsonObject, other: JsonObject): boolean => [...typesOf(one)].some((type) => typesOf(other).has(type));

/** `printEnv`, `print-env` and `Prints the env` have words in common. */
function words(text: string): ReadonlySet<string> {
  const found =
    text
      .replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, ' ')
      .toLowerCase()
      .match(/[\p{L}\d]+/gu) ?? [];
  return new Set(found.map((word) => (word.length > 3 ? word.replace(/s$/, '') : word)));
}

/** How many of all words both have (Jaccard’s index). */
function alike(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const all = new Set([...one, ...other]);
  return all.size === 0 ? 1 : [...one].filter((word) => other.has(word)).length / all.size;
}
