import {
  type FileMessagePartProps,
  type ImageMessagePartProps,
  type ReasoningGroupProps,
  type ReasoningMessagePartProps,
  useAuiState,
} from '@assistant-ui/react';
import { BookOpen, ChevronRight, FileText, Globe } from 'lucide-react';

export const Reasoning = ({ text }: ReasoningMessagePartProps) => <p className="whitespace-pre-wrap">{text}</p>;

export function ReasoningGroup({ children, startIndex, endIndex }: ReasoningGroupProps) {
  const thinking = useAuiState((s) => s.message.parts.slice(startIndex, endIndex + 1).some((part) => part.status.type === 'running'));
  return (
    <details className="group/why my-2 text-dim text-sm">
      <summary className="inline-flex select-none list-none items-center gap-1.5 rounded-lg py-1 pr-2 hover:text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight size={14} className="transition-transform group-open/why:rotate-90" />
        {thinking ? <span className="caret flex items-center gap-2">Thinking</span> : 'Thoughts'}
      </summary>
      <div className="mt-1 ml-1.5 space-y-2 border-line border-l pl-4 leading-relaxed">{children}</div>
    </details>
  );
}

export function ImagePart({ image, filename }: ImageMessagePartProps) {
  return <img src={image} alt={filename ?? 'Image'} className="my-3 max-h-96 rounded-2xl border border-line" />;
}

export function FilePart({ data, filename, mimeType }: FileMessagePartProps) {
  const href = /^(https?:|data:|blob:|\/)/.test(data) ? data : `data:${mimeType};base64,${data}`;
  return (
    <a
      href={href}
      download={filename ?? true}
      className="my-2 inline-flex items-center gap-2 rounded-xl border border-line bg-leaf px-3 py-2 text-sm hover:bg-wash"
    >
      <FileText size={16} /> {filename ?? mimeType}
    </a>
  );
}

/** What an answer rests on, listed once below it wherever it came in the stream. */
export function Sources() {
  const parts = useAuiState((s) => s.message.parts);
  const sources = parts.filter((part) => part.type === 'source');
  if (sources.length === 0) return null;
  return (
    <section aria-label="Sources" className="mt-4 flex flex-wrap gap-2">
      {sources.map((source, at) => {
        const label = source.title || (source.sourceType === 'url' ? host(source.url) : source.filename);
        const content = (
          <>
            <span className="text-dim text-xs tabular-nums">{at + 1}</span>
            {source.sourceType === 'url' ? <Globe size={14} className="flex-none text-dim" /> : <BookOpen size={14} className="flex-none text-dim" />}
            <span className="truncate">{label}</span>
          </>
        );
        const look = 'flex max-w-64 items-center gap-2 rounded-full border border-line bg-leaf px-3 py-1 text-[0.82rem]';
        return source.sourceType === 'url' && /^https?:/.test(source.url) ? (
          <a key={source.id} href={source.url} target="_blank" rel="noopener noreferrer" title={source.url} className={`${look} hover:bg-wash`}>
            {content}
          </a>
        ) : (
          <span key={source.id} className={look}>
            {content}
          </span>
        );
      })}
    </section>
  );
}

function host(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
