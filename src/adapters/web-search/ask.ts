import type { z } from 'zod';
import { SearchFailed, type SearchHit } from './port.ts';

const DEADLINE_MS = 15_000;
const MOST_BYTES = 2 * 1024 * 1024;
const LONGEST = 2000;

/** One request to a search service; its answer read by the schema. */
export async function askService<Schema extends z.ZodType>(
  service: string,
  url: URL,
  schema: Schema,
  { signal, ...init }: RequestInit & { readonly signal: AbortSignal },
): Promise<z.output<Schema>> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  const response = await fetch(url, { ...init, signal: until, redirect: 'error' }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw new SearchFailed(`${service} cannot be reached.`);
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new SearchFailed(`${service} answered with status ${response.status}.`);
  }
  const text = await response.text();
  if (text.length > MOST_BYTES) throw new SearchFailed(`${service} answered with too much.`);
  const read = schema.safeParse(parsed(text));
  if (!read.success) throw new SearchFailed(`${service} answered with something else than results.`);
  return read.data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Plain text of a bounded length; only addresses of the web. */
export function hit({ title, url, snippet }: { title: string; url: string; snippet: string | null | undefined }): SearchHit[] {
  if (!/^https?:\/\//.test(url)) return [];
  return [{ title: plain(title), url: url.slice(0, LONGEST), snippet: plain(snippet ?? '') }];
}

const plain = (text: string): string => text.replace(/<[^>]{0,200}>/g, '').slice(0, LONGEST);
