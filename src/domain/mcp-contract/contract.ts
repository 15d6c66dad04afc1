import { z } from 'zod';

const Schema = z.union([z.boolean(), z.record(z.string(), z.json())]);
export type Schema = z.infer<typeof Schema>;

const Tool = z.object({
  name: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  inputSchema: Schema.default({}),
  outputSchema: Schema.optional(),
  annotations: z.record(z.string(), z.json()).optional(),
});
const Prompt = z.object({
  name: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  arguments: z.array(z.object({ name: z.string(), required: z.boolean().default(false) })).default([]),
});
const Template = z.object({ uriTemplate: z.string(), name: z.string().optional() });

/** What a server offers, whole, as it answered at one time: so it is stored, and `readContract` makes of it what is compared. */
export const ContractSnapshot = z.object({
  serverName: z.string(),
  serverVersion: z.string(),
  instructions: z.string().nullable(),
  capabilities: z.record(z.string(), z.json()),
  tools: z.array(z.record(z.string(), z.json())),
  prompts: z.array(z.record(z.string(), z.json())),
  templates: z.array(z.record(z.string(), z.json())),
  /** Tools that cannot be offered, and why. */
  broken: z.array(z.object({ name: z.string(), reason: z.string() })),
});
export type ContractSnapshot = z.output<typeof ContractSnapshot>;

/**
 * A snapshot as it is compared: the only thing that counts when two releases of a server are. Field names are those of MCP's own lists.
 */
export const Contract = z.object({
  /** Revisions of the protocol it speaks, such as `2025-11-25`. */
  revisions: z.array(z.string()),
  /** `tools.listChanged`, `resources.subscribe`, …: each capability it declared, as a path. */
  capabilities: z.array(z.string()).default([]),
  /** What it needs of the client, such as `elicitation.form`. */
  clientCapabilities: z.array(z.string()).default([]),
  transports: z.array(z.enum(['stdio', 'http', 'sse'])).default([]),
  instructions: z.string().optional(),
  /** Names of the environment variables and headers it asks for. */
  secrets: z.array(z.string()).default([]),
  tools: z.array(Tool),
  prompts: z.array(Prompt).default([]),
  templates: z.array(Template).default([]),
});
export type Contract = z.infer<typeof Contract>;
export type ContractTool = Contract['tools'][number];

/** Revisions of the protocol there are, the oldest first. Who speaks one is taken to speak those before it, as the SDKs do. */
export const revisions = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'] as const;

/** A stored snapshot as it is compared. An entry that is none is left out, as it is left out of what is offered. */
export function readContract(snapshot: ContractSnapshot, protocolVersion: string): Contract {
  const read = <Entry>(schema: z.ZodType<Entry>, entries: readonly unknown[]): Entry[] =>
    entries.flatMap((entry) => {
      const parsed = schema.safeParse(entry);
      return parsed.success ? [parsed.data] : [];
    });
  return {
    revisions: [...revisions.filter((revision) => revision < protocolVersion), protocolVersion],
    capabilities: pathsOf(snapshot.capabilities),
    clientCapabilities: [],
    transports: [],
    ...(snapshot.instructions === null ? {} : { instructions: snapshot.instructions }),
    secrets: [],
    tools: read(Tool, snapshot.tools),
    prompts: read(Prompt, snapshot.prompts),
    templates: read(Template, snapshot.templates),
  };
}

/** `{ tools: { listChanged: true } }` is `tools` and `tools.listChanged`. */
const pathsOf = (value: unknown, before = ''): string[] =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? []
    : Object.entries(value).flatMap(([key, inner]) => (inner === false ? [] : [`${before}${key}`, ...pathsOf(inner, `${before}${key}.`)]));

/** `breaking` and `unknown` keep an update from being made by itself; `security` asks a person again, even where nothing breaks. */
export type ChangeClass = 'breaking' | 'unknown' | 'security' | 'compatible';

export interface Change {
  readonly class: ChangeClass;
  /** What it is about: `tool`, `prompt`, `template` or the server itself, and its name. */
  readonly subject: string;
  /** Where inside, as a JSON pointer into the schema; empty for the whole. */
  readonly path: string;
  /** One sentence. */
  readonly what: string;
}
