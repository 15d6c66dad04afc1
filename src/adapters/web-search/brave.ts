import { z } from 'zod';
import { askService, hit } from './ask.ts';
import type { WebSearch } from './port.ts';

const Result = z.object({ title: z.string(), url: z.string(), description: z.string().nullish() });
const Answer = z.object({ web: z.object({ results: z.array(Result) }).optional() });

/** The Brave Search API. */
export const createBrave =
  (apiKey: string, baseUrl = 'https://api.search.brave.com'): WebSearch =>
  async (query, { count, signal }) => {
    const url = new URL('/res/v1/web/search', baseUrl);
    url.search = new URLSearchParams({ q: query.slice(0, 400), count: String(Math.min(count, 20)) }).toString();
    const { web } = await askService('Brave Search', url, Answer, {
      signal,
      headers: { accept: 'application/json', 'x-subscription-token': apiKey },
    });
    return (web?.results ?? []).flatMap(({ title, url: at, description }) => hit({ title, url: at, snippet: description })).slice(0, count);
  };
