import type { Json } from '../event.ts';
import type { Change, ChangeClass, Contract, ContractTool } from './contract.ts';
import { canonical, notesOf } from './json-schema.ts';
import { type Narrowing, narrowings } from './narrowing.ts';

/**
 * What an update from one contract to the other means for whoever uses the server. Arguments may only be taken more freely, results promised more strictly;
 * whatever cannot be decided counts as `unknown`. Texts that a model reads, and hints about what a tool does, are a matter of security.
 */
export function contractChanges(before: Contract, after: Contract): Change[] {
  return [...serverChanges(before, after), ...toolChanges(before, after), ...promptChanges(before, after), ...templateChanges(before, after)];
}

const ranks: readonly ChangeClass[] = ['compatible', 'security', 'unknown', 'breaking'];
/** The class of the whole: that of the worst change in it. */
export const worstOf = (changes: readonly Change[]): ChangeClass =>
  changes.reduce<ChangeClass>((worst, { class: each }) => (ranks.indexOf(each) > ranks.indexOf(worst) ? each : worst), 'compatible');

function serverChanges(before: Contract, after: Contract): Change[] {
  const server = (kind: ChangeClass, what: string): Change => ({ class: kind, subject: 'server', path: '', what });
  const gone = (one: readonly string[], other: readonly string[]): string[] => one.filter((each) => !other.includes(each));
  return [
    ...gone(before.revisions, after.revisions).map((revision) => server('breaking', `It does not speak ${revision} any more.`)),
    ...gone(before.capabilities, after.capabilities).map((capability) => server('breaking', `It does not have ${capability} any more.`)),
    ...gone(before.transports, after.transports).map((transport) => server('breaking', `It cannot be reached by ${transport} any more.`)),
    ...gone(after.clientCapabilities, before.clientCapabilities).map((capability) => server('breaking', `It needs ${capability} of its client.`)),
    ...gone(after.secrets, before.secrets).map((name) => server('security', `It asks for ${name}.`)),
    ...(before.instructions === after.instructions ? [] : [server('security', 'Its instructions to the model changed.')]),
  ];
}

function toolChanges(before: Contract, after: Contract): Change[] {
  const [old, current] = [named(before.tools), named(after.tools)];
  const gone = [...old.keys()].filter((name) => !current.has(name));
  const added = [...current.keys()].filter((name) => !old.has(name));
  return [
    ...gone.map((name): Change => ({ class: 'breaking', subject: `tool ${name}`, path: '', what: 'It is gone.' })),
    ...added.map((name): Change => ({ class: 'compatible', subject: `tool ${name}`, path: '', what: 'It is new.' })),
    ...[...old].flatMap(([name, tool]) => {
      const now = current.get(name);
      return now ? toolChange(tool, now) : [];
    }),
  ];
}

function toolChange(before: ContractTool, after: ContractTool): Change[] {
  const subject = `tool ${before.name}`;
  const found = narrowings(before.inputSchema, after.inputSchema, 'arguments').map((each) => changeOf(subject, 'inputSchema', each));
  if (before.outputSchema !== undefined) {
    if (after.outputSchema === undefined)
      found.push({ class: 'breaking', subject, path: '/outputSchema', what: 'What it answers is not promised any more.' });
    else found.push(...narrowings(after.outputSchema, before.outputSchema, 'results').map((each) => changeOf(subject, 'outputSchema', each)));
  }
  for (const key of ['title', 'description'] as const)
    if (before[key] !== after[key]) found.push({ class: 'security', subject, path: `/${key}`, what: `Its ${key} changed.` });
  for (const path of changedNotes(before, after)) found.push({ class: 'security', subject, path, what: 'What is said here to the model changed.' });
  if (canonical((before.annotations ?? {}) as Json) !== canonical((after.annotations ?? {}) as Json))
    found.push({ class: 'security', subject, path: '/annotations', what: 'What it says about its effects changed.' });
  const isSame = (one: Json | undefined, other: Json | undefined): boolean => canonical(one) === canonical(other);
  if (found.length === 0 && !(isSame(before.inputSchema, after.inputSchema) && isSame(before.outputSchema, after.outputSchema)))
    found.push({ class: 'compatible', subject, path: '', what: 'It takes more, or promises more, than before.' });
  return found;
}

/** Places that both have and that say something else now. */
function changedNotes(before: ContractTool, after: ContractTool): string[] {
  const all = ({ inputSchema, outputSchema = true }: ContractTool) =>
    new Map([...notesOf(inputSchema, '/inputSchema'), ...notesOf(outputSchema, '/outputSchema')]);
  const now = all(after);
  return [...all(before)].flatMap(([path, said]) => (now.has(path) && now.get(path) !== said ? [path] : []));
}

const changeOf = (subject: string, schema: string, { sure, path, what }: Narrowing): Change => ({
  class: sure ? 'breaking' : 'unknown',
  subject,
  path: `/${schema}${path}`,
  what,
});

function promptChanges(before: Contract, after: Contract): Change[] {
  const current = named(after.prompts);
  const old = named(before.prompts);
  const changed = before.prompts.flatMap((prompt): Change[] => {
    const subject = `prompt ${prompt.name}`;
    const now = current.get(prompt.name);
    if (!now) return [{ class: 'breaking', subject, path: '', what: 'It is gone.' }];
    const known = named(prompt.arguments);
    const kept = named(now.arguments);
    return [
      ...prompt.arguments
        .filter(({ name }) => !kept.has(name))
        .map(({ name }): Change => ({ class: 'breaking', subject, path: `/arguments/${name}`, what: `${name} is not known any more.` })),
      ...now.arguments
        .filter(({ name, required }) => required && known.get(name)?.required !== true)
        .map(({ name }): Change => ({ class: 'breaking', subject, path: `/arguments/${name}`, what: 'It is required now.' })),
      ...(prompt.description === now.description && prompt.title === now.title
        ? []
        : [{ class: 'security', subject, path: '', what: 'How it is described changed.' } as const]),
    ];
  });
  const added = after.prompts.filter(({ name }) => !old.has(name));
  return [...changed, ...added.map(({ name }): Change => ({ class: 'compatible', subject: `prompt ${name}`, path: '', what: 'It is new.' }))];
}

function templateChanges(before: Contract, after: Contract): Change[] {
  const [old, current] = [before, after].map(({ templates }) => new Set(templates.map(({ uriTemplate }) => uriTemplate))) as [
    Set<string>,
    Set<string>,
  ];
  return [
    ...[...old]
      .filter((uri) => !current.has(uri))
      .map((uri): Change => ({ class: 'breaking', subject: `template ${uri}`, path: '', what: 'It is gone.' })),
    ...[...current]
      .filter((uri) => !old.has(uri))
      .map((uri): Change => ({ class: 'compatible', subject: `template ${uri}`, path: '', what: 'It is new.' })),
  ];
}

const named = <Thing extends { readonly name: string }>(things: readonly Thing[]): Map<string, Thing> =>
  new Map(things.map((thing) => [thing.name, thing]));
