import { type CodeHeaderProps, MarkdownTextPrimitive, unstable_memoizeMarkdownComponents as memoized } from '@assistant-ui/react-markdown';
import { ImageOff } from 'lucide-react';
import { type ComponentProps, useSyncExternalStore } from 'react';
import remarkGfm from 'remark-gfm';
import { CopyButton } from '../ui/copy-button.tsx';
import { highlighter } from './highlighter.ts';

const remarkPlugins = [remarkGfm];
const none: [] = [];

export function Markdown() {
  const highlight = useSyncExternalStore(highlighter.subscribe, highlighter.get);
  return <MarkdownTextPrimitive className="prose" remarkPlugins={remarkPlugins} rehypePlugins={highlight ?? none} components={components} defer />;
}

function CodeHeader({ language, code }: CodeHeaderProps) {
  return (
    <div className="mt-4 flex items-center justify-between rounded-t-xl border border-line bg-shade py-1 pr-1.5 pl-4 text-dim text-xs">
      <span>{language && language !== 'unknown' ? language : 'text'}</span>
      <CopyButton text={code} label="Copy the code" />
    </div>
  );
}

const isOurs = (src: string) => URL.canParse(src, location.origin) && new URL(src, location.origin).origin === location.origin;

const components = memoized({
  CodeHeader,
  a: ({ href, children }: ComponentProps<'a'>) => (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  ),
  // Loading a picture tells its host who reads this: the reader decides, by following the link.
  img: ({ src, alt }: ComponentProps<'img'>) => {
    if (typeof src !== 'string' || src === '') return null;
    if (isOurs(src)) return <img src={src} alt={alt ?? ''} className="max-h-96 rounded-2xl" />;
    return (
      <a href={src} target="_blank" rel="noopener noreferrer" title={src} className="inline-flex items-center gap-1.5">
        <ImageOff size={15} aria-hidden /> {alt || 'Picture'} ({new URL(src, location.origin).host})
      </a>
    );
  },
  table: ({ children }: ComponentProps<'table'>) => (
    <div className="table-frame">
      <table>{children}</table>
    </div>
  ),
});
