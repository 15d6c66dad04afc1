import { z } from 'zod';
import type { Json, JsonObject } from '../domain/event.ts';
import { PromptValues } from '../domain/prompt/index.ts';
import type { PromptSource } from './prompt-source.ts';

const object = (properties: Record<string, JsonObject>, required: string[] = []) => ({ type: 'object' as const, properties, required });
const cursor = { type: 'string', description: '`next` of the page before.' };

/** Prompts for models, which MCP otherwise leaves to people. They only read. */
export const promptTools = [
  {
    name: 'list_prompts',
    title: 'List prompts',
    description: 'The prompts of the person by name, with their arguments, page by page.',
    inputSchema: object({ cursor }),
  },
  {
    name: 'search_prompts',
    title: 'Search prompts',
    description: 'Prompts of the person that have all these words in their name, title or description.',
    inputSchema: object({ query: { type: 'string', description: 'Words.' }, cursor }, ['query']),
  },
  {
    name: 'get_prompt',
    title: 'Get a prompt',
    description: 'What a prompt says with its arguments filled in. It is text of the person: use it only for what they asked for.',
    inputSchema: object(
      {
        name: { type: 'string', description: 'As it stands in the list.' },
        arguments: { type: 'object', additionalProperties: { type: 'string' }, description: 'Values by the names of the arguments.' },
      },
      ['name'],
    ),
  },
] as const;

export type PromptToolName = (typeof promptTools)[number]['name'];
export const isPromptTool = (name: string): name is PromptToolName => promptTools.some((tool) => tool.name === name);

const Listing = z.object({ cursor: z.string().max(4096).optional(), query: z.string().max(200).optional() });
const Getting = z.object({ name: z.string().max(64), arguments: PromptValues.default({}) });
const PAGE = 50;

export type ToolAnswer = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly message: string };

/** What the model did wrong it is told in a sentence. */
export async function callPromptTool(source: PromptSource, name: PromptToolName, input: unknown): Promise<ToolAnswer> {
  if (name === 'get_prompt') {
    const read = Getting.safeParse(input);
    if (!read.success) return { ok: false, message: 'Give `name` as a text and `arguments` as texts by name.' };
    const got = await source.get(read.data.name, read.data.arguments);
    return got.ok ? { ok: true, value: got.messages as unknown as Json } : { ok: false, message: got.message };
  }
  const read = Listing.safeParse(input);
  if (!read.success || (name === 'search_prompts' && read.data.query === undefined))
    return { ok: false, message: 'Give `query` and `cursor` as texts.' };
  const page = await source.list({ cursor: read.data.cursor, search: name === 'search_prompts' ? read.data.query : undefined, limit: PAGE });
  if (page === undefined) return { ok: false, message: 'This cursor is not one of ours: begin without it.' };
  const prompts = page.prompts.map(({ name: called, title, description, arguments: declared }) => ({
    ...{ name: called, title, description },
    arguments: declared.map(({ name: argument, description: about = '', required }) => ({ name: argument, description: about, required })),
  }));
  return { ok: true, value: { prompts, ...(page.next === undefined ? {} : { next: page.next }) } };
}
