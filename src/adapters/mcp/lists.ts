import type { Client, RequestOptions } from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { JsonObject } from '../../domain/event.ts';
import type { McpLists } from './port.ts';

const Entry = z.record(z.string(), z.json());
const page = (key: 'tools' | 'prompts' | 'resourceTemplates') => z.looseObject({ [key]: z.array(z.json()), nextCursor: z.string().optional() });
const pages = { tools: page('tools'), prompts: page('prompts'), resourceTemplates: page('resourceTemplates') };

const MOST_PAGES = 64;
const MOST_ENTRIES = 2000;
const MOST_BYTES = 256 * 1024;
const MOST_DEPTH = 64;

/** Only what must be so for a tool to be offered; everything else about it is the server's own business. */
const OfferedTool = z.looseObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_./-]{1,128}$/, 'its name has other characters than letters, digits, dots, slashes, dashes and underscores, or too many'),
  description: z.string().max(32_768).optional(),
  inputSchema: z.looseObject({ type: z.literal('object'), properties: z.record(z.string(), z.json()).optional() }),
  outputSchema: Entry.optional(),
  annotations: Entry.optional(),
});

/** Each list as far as the server has it: loosely, so that one bad entry does not hide the others. */
export async function readLists(client: Client, options: RequestOptions): Promise<McpLists> {
  const capabilities = client.getServerCapabilities() ?? {};
  const [tools, prompts, templates] = await Promise.all([
    capabilities.tools ? readList(client, 'tools/list', 'tools', options) : [],
    capabilities.prompts ? readList(client, 'prompts/list', 'prompts', options) : [],
    // Some that have resources have no templates, and say so by refusing.
    capabilities.resources ? readList(client, 'resources/templates/list', 'resourceTemplates', options).catch(() => []) : [],
  ]);
  return { ...judged(tools), prompts: prompts.flatMap(asEntry), templates: templates.flatMap(asEntry) };
}

async function readList(client: Client, method: string, key: keyof typeof pages, options: RequestOptions): Promise<unknown[]> {
  const entries: unknown[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (let count = 0; count < MOST_PAGES; count++) {
    const answer = await client.request({ method, params: cursor === undefined ? {} : { cursor } }, pages[key], options);
    entries.push(...((answer as Record<string, unknown[]>)[key] ?? []));
    cursor = (answer as { nextCursor?: string }).nextCursor;
    if (cursor === undefined || seen.has(cursor) || entries.length >= MOST_ENTRIES) break;
    seen.add(cursor);
  }
  return entries.slice(0, MOST_ENTRIES);
}

const asEntry = (value: unknown): JsonObject[] => {
  const parsed = Entry.safeParse(value);
  return parsed.success && typeof parsed.data.name === 'string' ? [parsed.data as JsonObject] : [];
};

function judged(entries: readonly unknown[]): Pick<McpLists, 'tools' | 'broken'> {
  const tools = new Map<string, JsonObject>();
  const broken: { name: string; reason: string }[] = [];
  entries.forEach((entry, index) => {
    const name = nameOf(entry) ?? `number ${index + 1}`;
    const reason = tools.has(name) ? 'another tool of the server has the same name' : whyBroken(entry);
    if (reason === undefined) tools.set(name, entry as JsonObject);
    else broken.push({ name: name.slice(0, 200), reason });
  });
  return { tools: [...tools.values()], broken };
}

const nameOf = (entry: unknown): string | undefined => {
  const parsed = z.looseObject({ name: z.string() }).safeParse(entry);
  return parsed.success ? parsed.data.name : undefined;
};

/** Size and depth first: what is too deep is not gone into any further. */
function whyBroken(entry: unknown): string | undefined {
  if (isDeeper(entry, MOST_DEPTH)) return `its definition is nested more than ${MOST_DEPTH} deep`;
  if (JSON.stringify(entry).length > MOST_BYTES) return `its definition is longer than ${MOST_BYTES / 1024} KB`;
  const parsed = OfferedTool.safeParse(entry);
  if (parsed.success) return undefined;
  return parsed.error.issues.map(({ path, message }) => (path.length ? `${path.map(String).join('.')}: ${message}` : message)).join('; ');
}

const isDeeper = (value: unknown, depth: number): boolean =>
  typeof value === 'object' && value !== null && (depth === 0 || Object.values(value).some((inner) => isDeeper(inner, depth - 1)));
