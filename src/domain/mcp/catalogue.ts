import { z } from 'zod';
import { type Refusal, refuse } from '../decider.ts';
import type { Requirements } from '../mcp-plan/requirements.ts';
import { requirementsOf } from './config.ts';
import { type GivenServer, McpSlug } from './server.ts';

const Text = (most: number) => z.string().min(1).max(most);
const Name = Text(128).regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, 'must be a name of letters, digits, - and _');
/** What whoever adds the server is asked for. */
const Asked = z.strictObject({
  name: Name,
  title: Text(200),
  description: z.string().max(1000).default(''),
  required: z.boolean().default(true),
  /** Of an argument: several may be given, each an argument of its own. */
  many: z.boolean().default(false),
});
/** Exactly one version, as the registry of npm has it with this integrity. */
const Package = z.strictObject({
  name: z
    .string()
    .max(214)
    .regex(/^(?:@[a-z0-9~][a-z0-9._~-]*\/)?[a-z0-9~][a-z0-9._~-]*$/, 'must be the name of a package of npm'),
  version: z
    .string()
    .max(100)
    .regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/, 'must be one exact version, such as 1.2.3'),
  integrity: z.string().regex(/^sha512-[A-Za-z0-9+/]{86}==$/, 'must be the sha512 that npm says of that version'),
});
const described = {
  name: McpSlug,
  title: Text(200),
  description: z.string().max(2000).default(''),
  /** As in a `server.json`: by server, the range of versions that it needs, or under `dev.annals/compat` of `_meta` the whole. */
  requires: z.record(z.string().max(200), z.string().max(100)).optional(),
  _meta: z.record(z.string(), z.unknown()).optional(),
};
const Started = z.strictObject({
  ...described,
  package: Package,
  transport: z.literal('stdio').default('stdio'),
  args: z
    .array(z.union([z.string().max(1000), z.strictObject({ input: Name })]))
    .max(50)
    .default([]),
  inputs: z.array(Asked).max(20).default([]),
  env: z.array(Asked).max(50).default([]),
  /** Whoever has a name here may add it for itself, where the operator lets persons do so. */
  persons: z.boolean().default(false),
});
const Reached = z.strictObject({
  ...described,
  url: z.url({ protocol: /^https?$/ }).max(2000),
  transport: z.enum(['http', 'sse', 'auto']).default('auto'),
  headers: z.array(Asked).max(50).default([]),
  auth: z.enum(['none', 'oauth']).default('none'),
});
export const CatalogueEntry = z.union([Started, Reached]);
export type CatalogueEntry = z.output<typeof CatalogueEntry>;

/** A file of servers that may be added by their names. */
export const Catalogue = z
  .strictObject({ servers: z.array(CatalogueEntry).max(500) })
  .refine(({ servers }) => new Set(servers.map(({ name }) => name)).size === servers.length, 'must not have two servers of one name')
  .refine(
    ({ servers }) => servers.every((entry) => !('package' in entry) || unknownInputs(entry).length === 0),
    'must describe in `inputs` whatever its `args` name',
  )
  .refine(({ servers }) => servers.every((entry) => requirementsOf(entry)?.success !== false), 'must say in the way of Annals what its servers need');

const unknownInputs = ({ args, inputs }: z.output<typeof Started>): string[] =>
  args.flatMap((arg) => (typeof arg === 'string' || inputs.some(({ name }) => name === arg.input) ? [] : [arg.input]));

/** What somebody who adds an entry has said: its arguments, and the values of variables or headers. */
export interface EntryAnswers {
  readonly inputs: Readonly<Record<string, string | readonly string[]>>;
  readonly secrets: Readonly<Record<string, string>>;
}
export interface FilledEntry {
  readonly given: Omit<GivenServer, 'slug' | 'audience'>;
  readonly requirements: Requirements | null;
  /** Of what is started: the package, to be compared with what the registry has. */
  readonly package: z.output<typeof Package> | null;
  readonly persons: boolean;
}

/** The registration that an entry stands for, with what was answered in its places; nothing else can be put into it. */
export function fillEntry(entry: CatalogueEntry, { inputs, secrets }: EntryAnswers): FilledEntry | Refusal {
  const asked = 'package' in entry ? entry.env : entry.headers;
  const why = whyNotFilled('package' in entry ? entry.inputs : [], inputs) ?? whyNotFilled(asked, secrets) ?? whyNoArgument(inputs);
  if (why !== undefined) return refuse('EntryUnanswered', why);
  const said = Object.fromEntries(Object.entries(secrets).filter(([, value]) => value !== ''));
  const requirements = requirementsOf(entry)?.data ?? null;
  const usual = { title: entry.title, enabled: true, timeoutMs: null };
  if (!('package' in entry)) {
    const { url, transport, auth } = entry;
    return { given: { ...usual, transport, address: { url }, headers: said, env: {}, auth }, requirements, package: null, persons: true };
  }
  const { package: npm, args, persons } = entry;
  const filled = args.flatMap((arg) => (typeof arg === 'string' ? [arg] : valuesOf(inputs[arg.input])));
  const address = { command: 'npx', args: ['-y', `${npm.name}@${npm.version}`, ...filled], cwd: null };
  return { given: { ...usual, transport: 'stdio', address, headers: {}, env: said, auth: 'none' }, requirements, package: npm, persons };
}

/** What begins with a dash would be an option of the program, which the entry does not ask for. */
function whyNoArgument(inputs: EntryAnswers['inputs']): string | undefined {
  const option = Object.values(inputs)
    .flatMap(valuesOf)
    .find((value) => value.startsWith('-'));
  return option === undefined ? undefined : `${option} begins with a dash, so it would be an option: say it otherwise.`;
}

const valuesOf = (value: string | readonly string[] | undefined): readonly string[] =>
  (typeof value === 'string' ? [value] : (value ?? [])).filter((each) => each !== '');

function whyNotFilled(asked: readonly z.output<typeof Asked>[], said: Readonly<Record<string, string | readonly string[]>>): string | undefined {
  const unknown = Object.keys(said).find((name) => !asked.some((each) => each.name === name));
  if (unknown !== undefined) return `The entry does not ask for ${unknown}.`;
  for (const { name, title, required, many } of asked) {
    const values = valuesOf(said[name]);
    if (required && values.length === 0) return `${title} (${name}) is missing.`;
    if (!many && values.length > 1) return `${title} (${name}) can be said once only.`;
  }
  return undefined;
}
