import { z } from 'zod';
import { askService, hit } from './ask.ts';
import type { WebSearch } from './port.ts';

const Answer = z.object({ results: z.array(z.object({ title: z.string(), url: z.string(), content: z.string().nullish() })) });

/** A SearXNG server with its JSON format switched on (`search.formats` of its settings). */
export const createSearxng =
  (baseUrl: string): WebSearch =>
  async (query, { count, signal }) => {
    const url = new URL('search', baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
    url.search = new URLSearchParams({ q: query, format: 'json' }).toString();
    const { results } = await askService('SearXNG', url, Answer, { signal, headers: { accept: 'application/json' } });
    return results.flatMap(({ title, url: at, content }) => hit({ title, url: at, snippet: content })).slice(0, count);
  };
