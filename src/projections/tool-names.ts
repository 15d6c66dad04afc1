import { createHash } from 'node:crypto';

/** What every provider takes as the name of a tool. */
const MOST = 64;
const HASH = 8;

/**
 * The name under which a model knows a tool of a server: `slug__tool`, and where that is too long or has a character that providers refuse, its readable
 * beginning and eight hex digits of SHA-256 over server and tool. The same for the same tool for ever, and never taken apart again: a table leads back.
 */
export function toolNameFor({ slug, serverId }: { slug: string; serverId: string }, tool: string): string {
  const plain = `${slug}__${tool}`;
  const readable = plain.replace(/[^A-Za-z0-9_-]/g, '_');
  if (readable === plain && plain.length <= MOST) return plain;
  const hash = createHash('sha256').update(`${serverId}\0${tool}`).digest('hex').slice(0, HASH);
  return `${readable.slice(0, MOST - HASH - 1)}_${hash}`;
}

/** The table from names to tools. The first that asks for a name has it; whatever would have the same name is refused, and told. */
export function nameTools<Tool>(wanted: readonly { readonly name: string; readonly tool: Tool }[]): {
  readonly named: ReadonlyMap<string, Tool>;
  readonly collisions: readonly { readonly name: string; readonly tool: Tool }[];
} {
  const named = new Map<string, Tool>();
  const collisions = wanted.filter(({ name, tool }) => {
    if (named.has(name)) return true;
    named.set(name, tool);
    return false;
  });
  return { named, collisions };
}
