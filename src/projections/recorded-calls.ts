import { z } from 'zod';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import { isUnopened, type JsonObject } from '../domain/event.ts';
import type { Views } from './query.ts';
import { mcpCalls } from './views/mcp-calls.ts';

/** A call of a tool as it was made. */
export interface KnownCall {
  readonly owner: string;
  readonly conversationId: string;
  readonly runId: string;
  readonly toolCallId: string;
  readonly tool: string;
  readonly at: string;
  readonly result: string;
  readonly input: JsonObject;
}

/** Of how many answers that called tools the newest are looked through. */
const MOST_RUNS = 1000;
const MOST_CALLS = 200;

const Parts = z.object({
  parts: z.array(z.looseObject({ type: z.string(), toolCallId: z.string().optional(), input: z.json().optional() })),
  tools: z.array(z.object({ toolCallId: z.string(), tool: z.string() })).default([]),
});

/** By the id of the call, which tool it went to, as the opened parts of a step say; nothing of parts that could not be opened. */
export const toolsOfStep = (opened: unknown): ReadonlyMap<string, string> =>
  new Map((isUnopened(opened) ? [] : (Parts.safeParse(opened).data?.tools ?? [])).map(({ toolCallId, tool }) => [toolCallId, tool]));

/** The newest calls of a server's tools, each set of arguments once a person; those whose key is gone are not there any more. */
export async function recordedCalls(
  { views, openDeep }: { views: Pick<Views, 'find'>; openDeep: Sealer['openDeep'] },
  serverId: string,
  filter: { owner?: string } = {},
): Promise<readonly KnownCall[]> {
  const { documents } = await views.find(mcpCalls, filter, { sort: [['at', 'desc']], limit: MOST_RUNS });
  const seen = new Set<string>();
  const found: KnownCall[] = [];
  for (const { id: runId, doc } of documents) {
    if (found.length >= MOST_CALLS) break;
    const steps = doc.steps.filter(({ calls }) => calls.some((call) => call.serverId === serverId));
    const { all } = await openDeep({ all: steps.map(({ parts }) => parts) });
    for (const [index, { calls }] of steps.entries()) {
      const parts: unknown = all[index];
      const opened = isUnopened(parts) ? undefined : Parts.safeParse(parts).data;
      const named = toolsOfStep(parts);
      for (const { toolCallId, serverId: of, tool: plain, argumentsHash, result } of calls) {
        const input = opened?.parts.find((part) => part.type === 'tool' && part.toolCallId === toolCallId)?.input;
        const tool = named.get(toolCallId) ?? plain;
        if (of !== serverId || tool === null || seen.has(argumentsHash) || typeof input !== 'object' || input === null || Array.isArray(input))
          continue;
        seen.add(argumentsHash);
        const { owner, conversationId, at } = doc;
        found.push({ owner, conversationId, runId, toolCallId, tool, at, result, input: input as JsonObject });
      }
    }
  }
  return found.slice(0, MOST_CALLS);
}
