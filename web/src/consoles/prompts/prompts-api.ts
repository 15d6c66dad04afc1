import { z } from 'zod';
import { request } from '../../api.ts';

const Argument = z.object({
  name: z.string(),
  description: z.string().optional(),
  required: z.boolean().default(false),
  values: z.array(z.string()).optional(),
});
const Message = z.object({ role: z.enum(['user', 'assistant']), content: z.looseObject({ type: z.string(), text: z.string().optional() }) });
const Listed = z.object({
  id: z.string(),
  name: z.string(),
  source: z.enum(['own', 'shared', 'system']),
  title: z.string(),
  description: z.string(),
  arguments: z.array(Argument),
  version: z.number().nullable(),
  latest: z.number().nullable(),
  pinned: z.number().nullable(),
  archived: z.boolean(),
  shadowed: z.boolean(),
  uses: z.number().nullable(),
});
export type Listed = z.infer<typeof Listed>;
const Content = z.object({ title: z.string(), description: z.string(), arguments: z.array(Argument), messages: z.array(Message) });
export type Content = z.infer<typeof Content>;
const Version = z.object({ version: z.number(), rolledBackTo: z.number().nullable(), createdAt: z.string() });
export type Version = z.infer<typeof Version>;
const Lines = z.object({ lines: z.array(z.object({ change: z.enum(['same', 'added', 'removed']), line: z.string() })) });

const path = (id: string) => `/api/prompts/${encodeURIComponent(id)}`;

export const fetchPrompts = async () => (await request('/api/prompts?state=all&limit=500', z.object({ prompts: z.array(Listed) }))).prompts;
/** What can be called by its name now. */
export const fetchUsablePrompts = async () => (await request('/api/prompts?usable=true&limit=500', z.object({ prompts: z.array(Listed) }))).prompts;
export const fetchContent = (id: string) => request(path(id), Content);
export const fetchVersions = async (id: string) =>
  (await request(`${path(id)}/versions?limit=100`, z.object({ versions: z.array(Version) }))).versions;
export const fetchDiff = async (id: string, from: number, to: number) => (await request(`${path(id)}/diff?from=${from}&to=${to}`, Lines)).lines;
export const createPrompt = (name: string, content: object) =>
  request('/api/prompts', z.object({ promptId: z.string() }), { method: 'POST', body: { name, content } });
export const revise = (id: string, content: object) => request(path(id), z.unknown(), { method: 'PUT', body: { content } });
export const remove = (id: string) => request(path(id), z.unknown(), { method: 'DELETE' });
export const archive = (id: string, away: boolean) => request(`${path(id)}/${away ? 'archive' : 'unarchive'}`, z.unknown(), { method: 'POST' });
export const pin = (id: string, version: number | null) => request(`${path(id)}/pin`, z.unknown(), { method: 'PUT', body: { version } });
export const rollBack = (id: string, version: number) => request(`${path(id)}/rollback`, z.unknown(), { method: 'POST', body: { version } });
export const tryOut = async (id: string, values: Record<string, string>) =>
  (await request(`${path(id)}/expand`, z.object({ messages: z.array(Message) }), { method: 'POST', body: { arguments: values } })).messages;

/** The placeholders of a text, each an argument; what is known of one from before is kept. */
export function argumentsIn(text: string, known: Content['arguments'] = []): Content['arguments'] {
  const names = [...new Set([...text.matchAll(/\{\{ ?([A-Za-z_][A-Za-z0-9_-]*) ?\}\}/g)].map(([, name]) => String(name)))];
  return names.map((name) => known.find((each) => each.name === name) ?? { name, required: true });
}
