import { z } from 'zod';
import type { Json, JsonObject } from '../domain/event.ts';
import { estimatedTokens, rankTools } from '../domain/tool-search.ts';
import { type BranchParts, runParts } from './reply/branch.ts';
import { type ServerTool, ToolFailed, type ToolPlace, type ToolSource } from './tools.ts';

/** What definitions may cost, counted in characters; providers take no more tools than that either. */
const MOST_TOOLS = 120;
const MOST_CHARACTERS = 240_000;
const TOOL_SEARCH = 'tool_search';
const FOUND_AT_MOST = 20;
const USUALLY_FOUND = 5;
const SHOWN_CHARACTERS = 400;

export interface ToolSearchParts extends Pick<BranchParts, 'store' | 'sealer'> {
  readonly source: ToolSource;
  /** What the definitions of all tools may cost, in tokens as they are estimated, before a model has to look for them. */
  readonly tokens: number;
}

const Input = z.object({ query: z.string().trim().min(1).max(1000), limit: z.int().min(1).max(FOUND_AT_MOST).default(USUALLY_FOUND) });
const Found = z.looseObject({ tools: z.array(z.looseObject({ name: z.string() })) });

/**
 * The tools of a source while they cost little; else one by which a model finds those it needs. What it has found in a run is offered from the next step of
 * that run on, by whichever process: the run's own events say what that is.
 */
export function searchableTools({ source, tokens, ...parts }: ToolSearchParts): ToolSource {
  return {
    ...(source.advice === undefined ? {} : { advice: source.advice }),
    async tools(place) {
      const all = await source.tools(place);
      if (estimatedTokens(all) <= tokens && all.length <= MOST_TOOLS) return withinBudget(all);
      const known = new Map(all.map((tool) => [tool.name, tool]));
      const found = (await foundIn(parts, place)).flatMap((name) => known.get(name) ?? []);
      return [searchTool(all), ...withinBudget(found)];
    },
  };
}

/** From the front, so that what a provider has cached of them stays true. */
function withinBudget(tools: readonly ServerTool[]): readonly ServerTool[] {
  let characters = 0;
  return tools.slice(0, MOST_TOOLS).filter(({ description = '', parameters }) => {
    characters += description.length + JSON.stringify(parameters).length;
    return characters <= MOST_CHARACTERS;
  });
}

/** The names that searches of this run have found, each once, in the order in which they were. */
async function foundIn(parts: Omit<ToolSearchParts, 'source' | 'tokens'>, { runId }: ToolPlace): Promise<readonly string[]> {
  const names = new Set<string>();
  for (const part of await runParts(parts, runId as never)) {
    if (part.type !== 'tool' || part.toolName !== TOOL_SEARCH || part.state !== 'output-available') continue;
    for (const { name } of Found.safeParse(part.output).data?.tools ?? []) names.add(name);
  }
  return [...names];
}

function searchTool(all: readonly ServerTool[]): ServerTool {
  const parameters: JsonObject = {
    type: 'object',
    properties: {
      query: { type: 'string', description: 'What the tool should do, in a few words, such as: read a file' },
      limit: { type: 'integer', minimum: 1, maximum: FOUND_AT_MOST, description: `How many to find; ${USUALLY_FOUND} where it is not said.` },
    },
    required: ['query'],
  };
  const servers = [...new Set(all.map(({ name }) => name.split('__')[0] ?? ''))].join(', ').slice(0, 2000);
  return {
    name: TOOL_SEARCH,
    description: `There are ${all.length} more tools, of: ${servers}. This finds those that do what you need; what it finds can be called from your next step on.`,
    parameters,
    needsApproval: false,
    idempotent: true,
    execute: async (input) => found(all, input),
  };
}

function found(all: readonly ServerTool[], given: Json): Json {
  const input = Input.safeParse(given);
  if (!input.success) throw new ToolFailed(`Give a query of some words, and a limit from 1 to ${FOUND_AT_MOST} if any.`);
  const { query, limit } = input.data;
  const tools = rankTools(all, query, limit).map(({ name, description = '' }) => ({ name, description: description.slice(0, SHOWN_CHARACTERS) }));
  return tools.length > 0
    ? { tools, note: 'You can call these from now on.' }
    : { tools, note: 'No tool has any of these words: try others, or answer without.' };
}
