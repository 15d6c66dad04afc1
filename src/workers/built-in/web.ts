import { z } from 'zod';
import { PageUnreadable, type ReadPage } from '../../adapters/page-reader/port.ts';
import { SearchFailed, type WebSearch } from '../../adapters/web-search/port.ts';
import type { Json } from '../../domain/event.ts';
import { ToolFailed } from '../tools.ts';
import { type BuiltInTool, given, object, untrusted } from './tool.ts';

const Searching = z.object({ query: z.string().trim().min(1).max(400), count: z.number().int().min(1).max(20).default(5) });
const Fetching = z.object({ url: z.url({ protocol: /^https?$/ }).max(2000), start: z.number().int().min(0).default(0) });
/** Of a page, for one call, in characters. */
const PAGE = 20_000;

/** What went wrong out there, in words that may be shown; anything else is a fault of ours. */
async function told<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof SearchFailed || error instanceof PageUnreadable ? new ToolFailed(error.message) : error;
  }
}

export const createWebSearchTool = (search: WebSearch): BuiltInTool => ({
  name: 'web_search',
  description: 'Searches the web: titles, addresses and snippets. Read a page with fetch_page. What it finds was written by anybody.',
  parameters: object({ query: { type: 'string' }, count: { type: 'integer', minimum: 1, maximum: 20 } }, ['query']),
  usual: 'ask',
  execute: async (input, _place, { signal }) => {
    const { query, count } = given(Searching, input);
    const results = await told(search(query, { count, signal }));
    return { untrusted: untrusted('the web'), results: results.map(({ title, url, snippet }): Json => ({ title, url, snippet })) };
  },
});

export const createFetchPageTool = (read: ReadPage): BuiltInTool => ({
  name: 'fetch_page',
  description: `Reads a page of the web as Markdown, ${PAGE} characters at a time: \`start\` goes on. What it says was written by anybody.`,
  parameters: object({ url: { type: 'string' }, start: { type: 'integer', minimum: 0 } }, ['url']),
  usual: 'ask',
  execute: async (input, _place, { signal }) => {
    const { url: asked, start } = given(Fetching, input);
    const { url, title, text } = await told(read(asked, { signal }));
    const end = Math.min(start + PAGE, text.length);
    return {
      untrusted: untrusted(new URL(url).host),
      ...{ url, title, text: text.slice(start, end), characters: text.length },
      ...(end < text.length ? { next: end } : {}),
    };
  },
});
