import { When } from '../parts.tsx';
import type { Kind, Report } from './releases.ts';

const kinds: Readonly<Record<Kind, { readonly label: string; readonly ink: string }>> = {
  breaking: { label: 'breaks', ink: 'text-rubric' },
  unknown: { label: 'may break', ink: 'text-ochre' },
  security: { label: 'look again', ink: 'text-ochre' },
  compatible: { label: 'fits', ink: 'text-verdigris' },
};
const order: readonly Kind[] = ['breaking', 'unknown', 'security', 'compatible'];

/** What would change, for whom, and what may be done about it. `chosen`: renames that are to be followed, where they can be chosen here. */
export function ReportView({
  report,
  chosen,
  choose,
}: {
  report: Report;
  chosen?: Readonly<Record<string, string>>;
  choose?: (from: string, to: string | undefined) => void;
}) {
  const { changes, renames, touched } = report;
  const sorted = changes.toSorted((one, other) => order.indexOf(one.class) - order.indexOf(other.class));
  if (changes.length === 0) return <p className="text-sm text-verdigris">Nothing changes.</p>;
  return (
    <div className="space-y-4 text-sm">
      <ul aria-label="Changes" className="divide-y divide-line rounded-xl border border-line bg-leaf">
        {sorted.map(({ class: kind, subject, path, what }) => (
          <li key={`${subject}${path}${what}`} className="flex flex-wrap gap-x-3 px-3 py-1.5">
            <span className={`w-20 flex-none font-medium ${kinds[kind].ink}`}>{kinds[kind].label}</span>
            <span className="min-w-0 flex-1 break-words">
              <span className="font-medium">{subject}:</span> {path !== '' && <code className="break-all text-dim">{path}</code>} {what}
            </span>
          </li>
        ))}
      </ul>
      {renames.length > 0 && (
        <div>
          <p className="font-medium">Perhaps under another name</p>
          <ul aria-label="Renames">
            {renames.map((rename) => (
              <Rename key={`${rename.from} ${rename.to}`} rename={rename} isChosen={chosen?.[rename.from] === rename.to} choose={choose} />
            ))}
          </ul>
        </div>
      )}
      <Touched touched={touched} />
    </div>
  );
}

function Rename({
  rename: { from, to, likeness, missing },
  isChosen,
  choose,
}: {
  rename: Report['renames'][number];
  isChosen: boolean;
  choose: ((from: string, to: string | undefined) => void) | undefined;
}) {
  const said = (
    <span className="break-words">
      {from} → {to}{' '}
      <span className="text-dim">
        ({Math.round(likeness * 100)} % alike{missing.length > 0 ? `; it also wants ${missing.join(', ')}` : ''})
      </span>
    </span>
  );
  if (!choose) return <li>{said}</li>;
  return (
    <li>
      <label className="flex items-start gap-2">
        <input type="checkbox" className="mt-1" checked={isChosen} onChange={({ target }) => choose(from, target.checked ? to : undefined)} /> {said}
      </label>
    </li>
  );
}

function Touched({ touched: { pins, policies, calls, failing } }: { touched: Report['touched'] }) {
  const facts = [
    ...(pins.length > 0 ? [`${pins.length} definitions that were taken`] : []),
    ...policies.map(({ tool, policy, of }) => `“${policy}” for ${tool}${of === 'self' ? ', which is yours' : ''}`),
    ...(calls.tried > 0 ? [`${calls.tried} recorded calls: ${calls.fits} would go on to work, ${calls.fails} would not`] : []),
  ];
  if (facts.length === 0) return null;
  return (
    <div>
      <p className="font-medium">Touched</p>
      <ul className="list-disc pl-5">
        {facts.map((fact) => (
          <li key={fact}>{fact}</li>
        ))}
      </ul>
      {failing.length > 0 && (
        <ul aria-label="Your calls that would fail" className="mt-1 text-dim">
          {failing.map(({ tool, as, conversationId, runId, at, why }) => (
            <li key={`${runId} ${tool} ${JSON.stringify(why)}`}>
              <a className="underline" href={`/app/c/${conversationId}`}>
                <When time={at} />
              </a>
              : {tool} {as === null ? 'is gone' : why.map(({ path, rule }) => `${path || 'the whole'} (${rule})`).join(', ')}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
