import { ChevronRight } from 'lucide-react';

/** JSON as a tree to fold: the first two levels stand open. */
export function JsonTree({ value, name, depth = 0 }: { value: unknown; name?: string; depth?: number }) {
  if (typeof value !== 'object' || value === null) return <Leaf name={name} value={value} />;
  const entries = Object.entries(value);
  const brackets = Array.isArray(value) ? '[]' : '{}';
  if (entries.length === 0) return <Line name={name}>{brackets}</Line>;
  return (
    <details open={depth < 4} className="group/json">
      <summary className="flex list-none items-center gap-1 [&::-webkit-details-marker]:hidden">
        <ChevronRight size={12} className="flex-none text-dim transition-transform [details[open]>summary>&]:rotate-90" />
        {name !== undefined && <span className="text-lapis">{name}</span>}
        <span className="text-dim">
          {brackets[0]}
          {entries.length}
          {brackets[1]}
        </span>
      </summary>
      <div className="ml-[0.35rem] border-line border-l pl-3">
        {entries.map(([key, inner]) => (
          <JsonTree key={key} name={key} value={inner} depth={depth + 1} />
        ))}
      </div>
    </details>
  );
}

function Leaf({ name, value }: { name: string | undefined; value: unknown }) {
  if (value === '[erased]' || value === '[unreadable]') {
    return (
      <Line name={name}>
        <em className="rounded bg-wash px-1.5 text-dim">{value === '[erased]' ? 'erased' : 'its key is missing'}</em>
      </Line>
    );
  }
  const look = typeof value === 'string' ? 'text-verdigris' : typeof value === 'number' ? 'text-ochre' : 'text-rubric';
  return (
    <Line name={name}>
      <span className={`whitespace-pre-wrap [overflow-wrap:anywhere] ${look}`}>{typeof value === 'string' ? value : JSON.stringify(value)}</span>
    </Line>
  );
}

const Line = ({ name, children }: { name: string | undefined; children: React.ReactNode }) => (
  <div className="flex gap-2 pl-4">
    {name !== undefined && <span className="flex-none text-lapis">{name}</span>}
    {children}
  </div>
);
