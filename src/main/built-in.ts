import { createGuardedFetch } from '../adapters/guarded-fetch/index.ts';
import { createPageReader } from '../adapters/page-reader/index.ts';
import { createBrave } from '../adapters/web-search/brave.ts';
import type { WebSearch } from '../adapters/web-search/port.ts';
import { createSearxng } from '../adapters/web-search/searxng.ts';
import { createTavily } from '../adapters/web-search/tavily.ts';
import type { Settings } from '../settings.ts';
import type { KernelParts } from './kernel-parts.ts';

/** What built-in tools reach the web by. Pages in private networks are read only where the settings name these: a page could lead a model there. */
export function openBuiltIn(settings: Settings, opened: AsyncDisposableStack): KernelParts['builtIn'] {
  if (settings.ANNALS_TOOLS === 'off') return 'off';
  const search = webSearchOf(settings);
  if (settings.ANNALS_FETCH_PAGE === 'off') return { search };
  return {
    search,
    pages: (onBlocked) => {
      const { fetch, close } = createGuardedFetch({ allow: settings.ANNALS_PRIVATE_ADDRESSES, onBlocked });
      opened.defer(close);
      return createPageReader(fetch);
    },
  };
}

/** The first that is configured. */
function webSearchOf({ SEARXNG_URL, BRAVE_API_KEY, TAVILY_API_KEY }: Settings): WebSearch | undefined {
  if (SEARXNG_URL !== undefined) return createSearxng(SEARXNG_URL);
  if (BRAVE_API_KEY !== undefined) return createBrave(BRAVE_API_KEY);
  return TAVILY_API_KEY === undefined ? undefined : createTavily(TAVILY_API_KEY);
}
