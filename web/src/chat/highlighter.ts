import type { MarkdownTextPrimitiveProps } from '@assistant-ui/react-markdown';
import { createStore } from '../ui/store.ts';

type Plugins = MarkdownTextPrimitiveProps['rehypePlugins'];

/** The highlighter is the largest thing a reply can need: it comes after the page stands, and code is plain until then. */
export const highlighter = createStore<Plugins>(undefined);

const load = async () => {
  const { default: rehypeHighlight } = await import('rehype-highlight');
  highlighter.set([[rehypeHighlight, { detect: false }]]);
};
if ('requestIdleCallback' in globalThis) requestIdleCallback(() => void load());
else setTimeout(() => void load(), 300);
