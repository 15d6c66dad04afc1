import { z } from 'zod';

const Schema = z.union([z.boolean(), z.record(z.string(), z.json())]);
export type Schema = z.infer<typeof Schema>;

const Tool = z.object({
  name: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  inputSchema: Schema,
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

/**
 * What an MCP server was seen to offer when it was connected: the only thing that counts when two releases of it are compared.
 * Field names are those of MCP's own lists.
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
