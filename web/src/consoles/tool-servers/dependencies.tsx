import { useEffect } from 'react';
import { Rows, Section } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import { DependencyGraph } from './dependency-graph.tsx';
import { fetchDependencies, type Dependencies as Known } from './releases.ts';
import type { Server } from './tool-servers.ts';

/** How the servers stand to each other: a picture, what does not fit, and a plan. */
export function Dependencies({ servers }: { servers: readonly Server[] }) {
  const asked = useAsked(fetchDependencies);
  const { reload } = asked;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again whenever the servers were
  useEffect(reload, [servers, reload]);
  return (
    <Section title="How they depend on each other" lead="Of what each says that it needs, and of what it was seen to offer.">
      <Shown asked={asked}>
        {(known) => (
          <>
            {known.edges.length === 0 ? <p className="text-dim text-sm">None says that it needs another.</p> : <DependencyGraph {...known} />}
            <Findings findings={known.findings} />
            <PlanView plan={known.plan} />
          </>
        )}
      </Shown>
    </Section>
  );
}

const MOST = 12;

function Findings({ findings }: { findings: Known['findings'] }) {
  const sorted = findings.toSorted((one, other) => Number(one.kind === 'name') - Number(other.kind === 'name'));
  return (
    <div className="mt-4">
      <Rows empty="Everything fits.">
        {sorted.slice(0, MOST).map(({ kind, what, remedy }) => (
          <li key={what} className="py-2 text-sm">
            <span className={kind === 'name' ? 'text-dim' : 'font-medium text-rubric'}>{what}</span> {remedy}
          </li>
        ))}
      </Rows>
      {findings.length > MOST && <p className="mt-1 text-dim text-sm">And {findings.length - MOST} more.</p>}
    </div>
  );
}

function PlanView({ plan }: { plan: Known['plan'] }) {
  if (!plan.ok)
    return (
      <div className="mt-3 text-sm">
        <p className="font-medium">There is no way in which everything fits. These contradict each other:</p>
        <ul className="list-disc pl-5">
          {plan.why.map((fact) => (
            <li key={fact}>{fact}</li>
          ))}
        </ul>
      </div>
    );
  const steps = plan.steps.filter(({ action }) => action !== 'keep');
  if (steps.length === 0) return null;
  return (
    <div className="mt-3 text-sm">
      <p className="font-medium">So everything would fit, in this order:</p>
      <ol className="list-decimal pl-5">
        {steps.map(({ server, action, from, to }) => (
          <li key={server}>
            {action} {server} from {from} to {to}
          </li>
        ))}
      </ol>
    </div>
  );
}
