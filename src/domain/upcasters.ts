import type { Json, JsonObject } from './event.ts';
import { slugTag, type Tag, toolTag } from './mcp/names.ts';

/** What an upcaster may use besides the data: the stream it stands in, and what names are recognised by in this installation. */
export interface UpcastContext {
  readonly stream: string;
  readonly tag: Tag;
}
export type Upcaster = (data: JsonObject, context: UpcastContext) => JsonObject;

/** By event type and version: the data of that version as data of the next one. Pure; each has a golden file in test/golden. */
export const upcasters: Readonly<Record<string, Readonly<Record<number, Upcaster>>>> = {
  // Version 2 lets in roles that administrators have made.
  RolesChanged: { 1: (data) => data },
  // Version 2 has the names of servers and tools sealed, and in the clear only what they are recognised by.
  McpServerRegistered: { 1: withSlugTag },
  McpServerChanged: { 1: withSlugTag },
  McpServerPolicySet: {
    1: ({ tool = null, ...data }, { tag }) => ({ ...data, toolTag: tagOf(tag, data, tool), ...(tool === null ? {} : { plainTool: tool }) }),
  },
  McpToolsChosen: { 1: withToolTag },
  McpToolPolicySet: { 1: withToolTag },
  McpToolApproved: { 1: withToolTag },
  McpContractObserved: {
    1: ({ tools, prompts: _, templates: __, ...data }, { tag }) => ({
      ...data,
      pins: objectsIn(tools).map(({ name = '', ...pin }) => ({ ...pin, tag: tagOf(tag, data, name) })),
    }),
  },
  StepCompleted: { 1: ({ calls, ...data }) => ({ ...data, calls: objectsIn(calls).map(withPlainTool) }) },
  ToolCallStarted: { 1: withoutOwnName },
  ToolInputRequested: { 1: ({ toolName = '', ...data }) => ({ ...data, plainToolName: toolName }) },
};

function withSlugTag({ slug = '', ...data }: JsonObject, { stream, tag }: UpcastContext): JsonObject {
  return { ...data, slugTag: slugTag(tag, stream, String(slug)), plainSlug: slug };
}

function withToolTag({ tool = null, ...data }: JsonObject, { tag }: UpcastContext): JsonObject {
  return { ...data, toolTag: tagOf(tag, data, tool) };
}

const tagOf = (tag: Tag, { serverId = '' }: JsonObject, tool: Json): string | null =>
  toolTag(tag, String(serverId), tool === null ? null : String(tool));

/** The name of a tool of a server has two dashes in it; of whose it is nothing is said beside it. */
function withoutOwnName({ toolName = '', ...data }: JsonObject): JsonObject {
  return String(toolName).includes('__') ? data : { ...data, toolName };
}

function withPlainTool({ binding, ...call }: JsonObject): JsonObject {
  const [bound] = objectsIn([binding ?? null]);
  if (!bound) return withoutOwnName(call);
  const { tool = '', ...rest } = bound;
  return { ...withoutOwnName(call), binding: { ...rest, plainTool: tool } };
}

const objectsIn = (list: Json | undefined): JsonObject[] =>
  Array.isArray(list) ? list.flatMap((each) => (typeof each === 'object' && each !== null && !Array.isArray(each) ? [each] : [])) : [];
