import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { JsonObject } from '../../domain/event.ts';
import { PromptValues } from '../../domain/prompt/index.ts';
import type { PromptSource } from './source.ts';

const annotations = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
const object = (properties: Record<string, JsonObject>, required: string[] = []) => ({ type: 'object' as const, properties, required });
const cursor = { type: 'string', description: '`next` of the page before.' };

/** The same prompts for models, which MCP otherwise leaves to people. */
export const tools = [
  {
    name: 'list_prompts',
    title: 'List prompts',
    description: 'The prompts of the person by name, with their arguments, page by page.',
    inputSchema: object({ cursor }),
    annotations,
  },
  {
    name: 'search_prompts',
    title: 'Search prompts',
    description: 'Prompts of the person that have all these words in their name, title or description.',
    inputSchema: object({ query: { type: 'string', description: 'Words.' }, cursor }, ['query']),
    annotations,
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
    annotations,
  },
];

const Listing = z.object({ cursor: z.string().max(4096).optional() });
const Search = Listing.extend({ query: z.string().max(200) });
const Getting = z.object({ name: z.string().max(64), arguments: PromptValues.default({}) });
const PAGE = 50;

const answered = (value: unknown) => ({ content: [{ type: 'text' as const, text: JSON.stringify(value) }] });
const wrong = (message: string) => ({ content: [{ type: 'text' as const, text: message }], isError: true });

/** What the model did wrong it is told as an error of the tool; a tool that there is not is an error of the protocol. */
export async function callTool(source: PromptSource, name: string, input: unknown) {
  switch (name) {
    case 'list_prompts':
    case 'search_prompts': {
      const read = (name === 'list_prompts' ? Listing : Search).safeParse(input);
      if (!read.success) return wrong('Give `query` and `cursor` as texts.');
      const { cursor: at, query } = { query: undefined, ...read.data };
      const page = await source.list({ cursor: at, search: query as string | undefined, limit: PAGE });
      return page === undefined ? wrong('This cursor is not one of ours: begin without it.') : answered(page);
    }
    case 'get_prompt': {
      const read = Getting.safeParse(input);
      if (!read.success) return wrong('Give `name` as a text and `arguments` as texts by name.');
      const got = await source.get(read.data.name, read.data.arguments);
      return got.ok ? answered(got.messages) : wrong(got.message);
    }
    default:
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool ${name}.`);
  }
}
