import { z } from 'zod';
import { annals } from './annals.ts';
import { leaveForLogin } from './login/ways.ts';

const Models = z.object({
  models: z.array(z.object({ id: z.string(), provider: z.string(), name: z.string(), local: z.boolean().optional() })),
  default: z.string().nullish(),
});
export type Models = z.infer<typeof Models>;

const Trashed = z.object({ conversations: z.array(z.object({ id: z.string(), title: z.string().nullish(), trashedAt: z.string().nullish() })) });
export type TrashedConversation = z.infer<typeof Trashed>['conversations'][number];

const RecordedEvent = z.object({
  id: z.string(),
  type: z.string(),
  version: z.number(),
  stream: z.string(),
  revision: z.string(),
  position: z.string(),
  time: z.string(),
  actor: z.string(),
  commandId: z.string().nullish(),
  correlationId: z.string().nullish(),
  causationId: z.string().nullish(),
  leaf: z.string().nullish(),
  data: z.unknown(),
});
export type RecordedEvent = z.infer<typeof RecordedEvent>;

const Problem = z.object({ message: z.string().optional(), detail: z.string().optional(), title: z.string().optional() });

interface RequestOptions {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** Asks the server as the person of this page; what it refuses is thrown with the sentence it gave. */
export async function request<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  { method = 'GET', body: sent }: RequestOptions = {},
): Promise<z.infer<Schema>> {
  const headers = new Headers(await annals.headers());
  if (sent !== undefined) headers.set('content-type', 'application/json');
  // Answered once the views show the change, so that what is read next has it.
  if (method !== 'GET') headers.set('prefer', 'wait=2');
  const response = await fetch(path, { method, headers, ...(sent === undefined ? {} : { body: JSON.stringify(sent) }) });
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return schema.parse(body);
  if (response.status === 401) await leaveForLogin();
  const problem = Problem.safeParse(body).data;
  throw new Error(problem?.detail ?? problem?.message ?? problem?.title ?? `The server answered ${response.status}.`);
}

const conversation = (id: string) => `/api/conversations/${encodeURIComponent(id)}`;

export const fetchModels = () => request('/api/models', Models);
export const fetchTrashed = async () => (await request('/api/conversations?state=trashed', Trashed)).conversations;
export const restoreConversation = (id: string) => request(`${conversation(id)}/restore`, z.unknown(), { method: 'POST' });
export const fetchEvents = async (id: string) => (await request(`${conversation(id)}/events`, z.object({ events: z.array(RecordedEvent) }))).events;
