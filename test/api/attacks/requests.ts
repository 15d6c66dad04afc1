import { z } from 'zod';
import { paramNames, type RouteDefinition } from '../../../src/api/http/route.ts';

/** A place of a request into which somebody may write what he likes. */
export interface Slot {
  readonly in: 'path' | 'query' | 'body' | 'header';
  readonly name: string;
}
export interface Attack {
  readonly route: string;
  readonly slot: Slot;
  readonly method: string;
  /** With its search. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

const headers = [
  'authorization',
  'if-match',
  'if-min-position',
  'idempotency-key',
  'last-event-id',
  'prefer',
  'x-request-id',
  'x-user-id',
  'x-forwarded-for',
  'traceparent',
  'cookie',
  'accept-language',
  'user-agent',
] as const;

const namesOf = (schema: z.ZodType | undefined): readonly string[] => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []);

/** Every place of the route. */
export const slotsOf = ({ path, query, body }: RouteDefinition): readonly Slot[] => [
  ...paramNames(path).map((name) => ({ in: 'path', name }) as const),
  ...namesOf(query).map((name) => ({ in: 'query', name }) as const),
  ...namesOf(body).map((name) => ({ in: 'body', name }) as const),
  ...headers.map((name) => ({ in: 'header', name }) as const),
];

export const lineOf = ({ method, path }: RouteDefinition): string => `${method} ${path}`;

/** Something that fits the schema as far as its kind goes, so that a request comes as far as its attacked place. */
function sampleOf(schema: unknown): unknown {
  const {
    type,
    enum: options,
    const: constant,
    anyOf,
    oneOf,
    properties = {},
    required = [],
  } = schema as Record<string, unknown> & { required?: string[] };
  if (constant !== undefined) return constant;
  if (Array.isArray(options)) return options[0];
  const alternatives = anyOf ?? oneOf;
  if (Array.isArray(alternatives)) return sampleOf(alternatives[0]);
  switch (type) {
    case 'object':
      return Object.fromEntries(required.map((name) => [name, sampleOf((properties as Record<string, unknown>)[name])]));
    case 'array':
      return [];
    case 'number':
    case 'integer':
      return 1;
    case 'boolean':
      return true;
    default:
      return 'x';
  }
}
export function bodyOf({ body }: RouteDefinition): Record<string, unknown> {
  if (!body) return {};
  const sample = sampleOf(z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }));
  return typeof sample === 'object' && sample !== null && !Array.isArray(sample) ? { ...sample } : {};
}

/** The route as a request with this value at this place; the other parts of its path are ids of things that are there. */
export function attack(route: RouteDefinition, slot: Slot, value: unknown, known: Readonly<Record<string, string>> = {}): Attack {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const filled = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(slot.in === 'path' && slot.name === name ? text.toWellFormed() : (known[name] ?? 'x')),
  );
  const search = slot.in === 'query' ? `?${slot.name}=${encodeURIComponent(text.toWellFormed())}` : '';
  const sent = route.method === 'GET' ? undefined : JSON.stringify({ ...bodyOf(route), ...(slot.in === 'body' ? { [slot.name]: value } : {}) });
  return {
    route: lineOf(route),
    slot,
    method: route.method,
    path: filled + search,
    headers: {
      ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
      ...(slot.in === 'header' ? { [slot.name]: text.replaceAll(/[^\x20-\x7e]/g, '?') } : {}),
    },
    ...(sent === undefined ? {} : { body: sent }),
  };
}

export interface Answered {
  readonly attack: Attack;
  readonly status: number;
  readonly text: string;
  readonly ms: number;
}
const AT_ONCE = 8;
const MOST_MS = 10_000;

/** Sends them all, some at a time; of an answer without an end the beginning is enough. */
export async function sendAll(url: string, attacks: readonly Attack[], more: Record<string, string> = {}): Promise<readonly Answered[]> {
  const answered: Answered[] = [];
  const rest = attacks.values();
  const lane = async (): Promise<void> => {
    for (const each of rest) answered.push(await send(url, each, more));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return answered;
}

async function send(url: string, each: Attack, more: Record<string, string>): Promise<Answered> {
  const { method, path, headers: own, body } = each;
  const begun = performance.now();
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), MOST_MS);
  try {
    const answer = await fetch(url + path, {
      method,
      headers: { ...more, ...own },
      redirect: 'manual',
      signal: stop.signal,
      ...(body === undefined ? {} : { body }),
    });
    const endless = answer.headers.get('content-type')?.startsWith('text/event-stream') || path.startsWith('/api/security/feed');
    const text = endless ? '' : await answer.text();
    return { attack: each, status: answer.status, text, ms: performance.now() - begun };
  } catch (error) {
    return { attack: each, status: 0, text: String(error), ms: performance.now() - begun };
  } finally {
    clearTimeout(late);
    stop.abort();
  }
}

export const saying = ({ attack: { route, slot, path }, status, text }: Answered): string =>
  `${route} ${slot.in} ${slot.name} ${path.slice(0, 120)}: ${status} ${text.slice(0, 200)}`;
