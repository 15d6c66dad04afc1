import { PromptName, type PromptValues } from './content.ts';

/** A message that calls a prompt by its name: `/translate language=French Good morning`. */
export interface SlashCall {
  readonly name: string;
  /** All that comes after the name. */
  readonly rest: string;
}

/** The demonstration model's own directives: no prompt may be called like one, so that neither ever takes the place of the other. */
export const reservedNames: readonly string[] = ['echo', 'long', 'pace', 'think', 'call', 'fail'];

/** Whether the text begins with a slash and what could be a prompt's name. */
export function slashCall(text: string): SlashCall | undefined {
  const [, name = '', rest = ''] = /^\/([a-z0-9_-]{1,64})(?:[ \t\r\n]+([\s\S]*))?$/.exec(text) ?? [];
  return PromptName.safeParse(name).success && !reservedNames.includes(name) ? { name, rest: rest.trim() } : undefined;
}

const given = /^([A-Za-z_][A-Za-z0-9_-]*)=(?:"((?:[^"\\]|\\.)*)"|(\S*))(?:\s+|$)/;

/**
 * Reads `name=value` and `name="several words"` at the beginning, as long as they name arguments. What is left is the value of the first argument that has
 * none yet; where all have one it comes back as `left`.
 */
export function slashValues(rest: string, declared: readonly { readonly name: string }[]): { values: PromptValues; left: string } {
  const names = new Set(declared.map(({ name }) => name));
  const values = new Map<string, string>();
  let left = rest;
  for (let match = given.exec(left); match; match = given.exec(left)) {
    const [whole, name = '', quoted, plain = ''] = match;
    if (!names.has(name) || values.has(name)) break;
    values.set(name, quoted === undefined ? plain : quoted.replace(/\\(.)/gs, '$1'));
    left = left.slice(whole.length);
  }
  const open = declared.find(({ name }) => !values.has(name));
  if (left !== '' && open) {
    values.set(open.name, left);
    left = '';
  }
  return { values: Object.fromEntries(values), left };
}
