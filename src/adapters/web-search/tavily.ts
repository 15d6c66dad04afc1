import { z } from 'zod';
import { askService, hit } from './ask.ts';
import type { WebSearch } from './port.ts';

const Answer = z.object({ results: z.array(z.object({ title: z.string(), url: z.string(), content: z.string().nullish() })) });

/** The Tavily search API. */
export const createTavily =
  (apiKey: string, baseUrl = 'https://api.tavily.com'): WebSearch =>
  async (query, { count, signal }) => {
    const { results } = await askService('Tavily', new URL('/search', baseUrl), Answer, {
      signal,
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ query, max_results: Math.min(count, 20) }),
    });
    return results.flatMap(({ title, url, content }) => hit({ title, url, snippet: content })).slice(0, count);
  };
