import { BadgeCheck, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { z } from 'zod';
import { JsonTree } from '../../history/json-tree.tsx';
import { toast } from '../../ui/toasts.tsx';
import { When } from '../parts.tsx';
import { fetchHeads } from './integrity.tsx';
import { type Proof, prove } from './proof.ts';

export const Entry = z.object({
  eventId: z.string(),
  time: z.string(),
  actor: z.string(),
  subject: z.string(),
  action: z.string(),
  outcome: z.enum(['done', 'refused', 'read']),
  type: z.string(),
  resource: z.string(),
  stream: z.string(),
  revision: z.string(),
  correlationId: z.string(),
  before: z.unknown(),
  after: z.record(z.string(), z.unknown()),
});
export type Entry = z.infer<typeof Entry>;

const outcomes = { done: 'bg-verdigris', refused: 'bg-rubric', read: 'bg-ochre' } as const;

/** What somebody did, to open for what was before and after, and for the proof that the log says so. */
export function AuditEntry({ entry, onFind }: { entry: Entry; onFind: (found: Record<string, string>) => void }) {
  const { action, outcome, actor, subject, resource, time } = entry;
  return (
    <li>
      <details className="py-2.5">
        <summary className="flex cursor-pointer list-none flex-wrap items-baseline gap-x-3 gap-y-0.5 [&::-webkit-details-marker]:hidden">
          <span className={`size-2 flex-none self-center rounded-full ${outcomes[outcome]}`} title={outcome} />
          <span className="break-all font-medium">{action}</span>
          <span className="text-dim text-sm">{outcome === 'done' ? '' : outcome}</span>
          <span className="ml-auto flex-none text-dim text-sm">
            <When time={time} />
          </span>
          <span className="w-full break-all pl-5 text-dim text-xs">
            {actor}
            {subject !== actor && ` → ${subject}`} · {resource}
          </span>
        </summary>
        <div className="mt-2 ml-5 flex flex-col gap-3 text-sm">
          <div className="grid gap-x-6 gap-y-2 sm:grid-cols-2">
            <Side name="Before" value={entry.before} />
            <Side name="After" value={entry.after} />
          </div>
          <div className="flex flex-wrap gap-2">
            <Find label="This person" found={{ person: actor }} onFind={onFind} />
            <Find label="This resource" found={{ resource }} onFind={onFind} />
            <Find label="This request" found={{ correlationId: entry.correlationId }} onFind={onFind} />
          </div>
          <Inclusion entry={entry} />
        </div>
      </details>
    </li>
  );
}

const Side = ({ name, value }: { name: string; value: unknown }) => (
  <div className="min-w-0">
    <h4 className="text-dim text-xs uppercase tracking-wider">{name}</h4>
    <div className="font-mono text-xs">
      {value === null || value === undefined ? <span className="text-dim">not said</span> : <JsonTree value={value} />}
    </div>
  </div>
);

const Find = ({ label, found, onFind }: { label: string; found: Record<string, string>; onFind: (found: Record<string, string>) => void }) => (
  <button type="button" className="pill pill-line" onClick={() => onFind(found)}>
    {label}
  </button>
);

function Inclusion({ entry }: { entry: Entry }) {
  const [proof, setProof] = useState<Proof>();
  const [asking, setAsking] = useState(false);
  const ask = async () => {
    setAsking(true);
    try {
      setProof(await prove(entry, (await fetchHeads()).publicKey));
    } catch (error) {
      toast((error as Error).message);
    }
    setAsking(false);
  };
  if (!proof)
    return (
      <button type="button" className="pill pill-line self-start disabled:opacity-50" disabled={asking} onClick={() => void ask()}>
        Prove that the log says so
      </button>
    );
  const holds = proof.isIncluded && proof.isSigned;
  return (
    <div role="status" className="rounded-xl border border-line bg-leaf px-3 py-2">
      <p className={`flex items-center gap-2 font-medium ${holds ? 'text-verdigris' : 'text-rubric'}`}>
        {holds ? <BadgeCheck size={16} className="flex-none" /> : <TriangleAlert size={16} className="flex-none" />}
        {holds
          ? 'Proved, and checked in this page'
          : proof.isIncluded
            ? 'The head is not signed by this installation.'
            : 'The proof does not lead to the signed root.'}
      </p>
      <p className="text-dim text-xs">
        Event {(proof.index + 1).toLocaleString()} of {proof.head.size.toLocaleString()}, under the head of <When time={proof.head.time} />
      </p>
      <details className="mt-1 text-xs">
        <summary className="cursor-pointer text-dim">The path to the root</summary>
        <ol className="mt-1 break-all font-mono">
          <li>leaf {proof.leaf}</li>
          {proof.path.map((hash) => (
            <li key={hash}>{hash}</li>
          ))}
          <li>root {proof.head.rootHash}</li>
        </ol>
      </details>
    </div>
  );
}
