import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { visiblePrompts } from '../prompt-reading.ts';
import type { QueryContext } from '../query.ts';
import { toolsOfStep } from '../recorded-calls.ts';
import { toolNameFor } from '../tool-names.ts';
import { conversationList } from '../views/conversations.ts';
import { type McpCallsDoc, mcpCalls } from '../views/mcp-calls.ts';
import { prompts, promptVersions } from '../views/prompts.ts';
import { shareList } from '../views/shares.ts';
import { isAdministered, type NamedServerDoc } from './mcp-usable.ts';

/** Something of one's own that uses tools of a server: a conversation that has called them, or a prompt that names them as models do. */
export interface Usage {
  readonly kind: 'conversation' | 'prompt';
  readonly id: string;
  readonly title: string;
  readonly server: string;
  readonly tools: readonly string[];
  readonly calls: number;
}
/** Of others, who looks after the server is told how many they are and how often they have called it. */
export interface UsageOfOthers {
  readonly server: string;
  readonly persons: number;
  readonly calls: number;
}

export const usageViews = [mcpCalls, conversationList, prompts, promptVersions, shareList] as const;
/** Of how many answers that called tools the newest are looked through, and how many conversations are shown, and of how many of their steps it is told which tools they called. */
const MOST_RUNS = 1000;
const MOST_CONVERSATIONS = 20;
const MOST_STEPS = 200;

const Titled = z.object({ title: z.string().nullable().optional() });
type Server = StoredDocument<NamedServerDoc>;

/** Who uses the servers, as whoever asks may know it. `toolsOf`: the names of a server's tools. */
export async function usageOf(context: QueryContext, servers: readonly Server[], toolsOf: (slug: string) => readonly string[]) {
  const { principal, views } = context;
  const looksAfter = new Set(servers.filter(({ doc }) => isAdministered(doc, principal)).map(({ id }) => id));
  const filter: Record<string, string> = looksAfter.size > 0 ? {} : { owner: principal.id };
  const { documents } = await views.find(mcpCalls, filter, { sort: [['at', 'desc']], limit: MOST_RUNS });
  const runs = documents.map(({ doc }) => doc);
  const [own, others] = [runs.filter(({ owner }) => owner === principal.id), runs.filter(({ owner }) => owner !== principal.id)];
  return {
    usage: [...(await ofConversations(context, servers, own)), ...(await ofPrompts(context, servers, toolsOf))],
    others: servers.flatMap(({ id, doc }): UsageOfOthers[] => {
      const using = looksAfter.has(id) ? others.filter((run) => callsOf(run, id).length > 0) : [];
      const persons = new Set(using.map(({ owner }) => owner)).size;
      return persons === 0 ? [] : [{ server: doc.slug, persons, calls: using.flatMap((run) => callsOf(run, id)).length }];
    }),
  };
}

const callsOf = ({ steps }: McpCallsDoc, serverId: string) =>
  steps.flatMap((step) => step.calls.filter((call) => call.serverId === serverId).map((call) => ({ ...call, step })));

async function ofConversations({ views, openDeep }: QueryContext, servers: readonly Server[], runs: readonly McpCallsDoc[]): Promise<Usage[]> {
  const newest = [...Map.groupBy(runs, ({ conversationId }) => conversationId)].slice(0, MOST_CONVERSATIONS);
  const known = await views.getMany(
    conversationList,
    newest.map(([id]) => id),
  );
  const steps = newest.flatMap(([, its]) => its.flatMap((run) => run.steps)).slice(0, MOST_STEPS);
  const { titles, opened } = await openDeep({
    titles: newest.map(([id]) => known.get(id)?.doc.title ?? null),
    opened: steps.map(({ parts }) => parts),
  });
  const toolsIn = new Map(steps.map((step, index) => [step, toolsOfStep((opened as unknown[])[index])]));
  return newest.flatMap(([id, its], index) =>
    servers.flatMap(({ id: serverId, doc }): Usage[] => {
      const calls = its.flatMap((run) => callsOf(run, serverId));
      const title = Titled.safeParse((titles as unknown[])[index]).data?.title ?? 'Untitled conversation';
      if (calls.length === 0 || !known.has(id)) return [];
      return [
        {
          kind: 'conversation',
          id,
          title,
          server: doc.slug,
          tools: namesOf(calls.flatMap(({ step, toolCallId, tool }) => toolsIn.get(step)?.get(toolCallId) ?? tool ?? [])),
          calls: calls.length,
        },
      ];
    }),
  );
}

async function ofPrompts(context: QueryContext, servers: readonly Server[], toolsOf: (slug: string) => readonly string[]): Promise<Usage[]> {
  const named = (await visiblePrompts(context)).filter(({ source }) => source === 'own');
  return named.flatMap(({ id, name, content }) => {
    const words = new Set(JSON.stringify(content.messages).match(/[A-Za-z0-9_-]+/g));
    return servers.flatMap(({ id: serverId, doc }): Usage[] => {
      const tools = toolsOf(doc.slug).filter((tool) => words.has(toolNameFor({ slug: doc.slug, serverId }, tool)));
      return tools.length === 0 ? [] : [{ kind: 'prompt', id, title: name, server: doc.slug, tools, calls: 0 }];
    });
  });
}

const namesOf = (tools: readonly string[]): string[] => [...new Set(tools)].toSorted();
