import { useEffect } from 'react';
import { Rows, Section } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import { DependencyGraph } from './dependency-graph.tsx';
import { PlanView } from './plan.tsx';
import { fetchDependencies, type Dependencies as Known } from './releases.ts';
import type { Server } from './tool-servers.ts';

/** How the servers stand to each other: a picture, what does not fit, and a plan. */
export function Dependencies({ servers, done }: { servers: readonly Server[]; done: () => void }) {
  const asked = useAsked(fetchDependencies);
  const { reload } = asked;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again whenever the servers were
  useEffect(reload, [servers, reload]);
  return (
    <Section title="How they depend on each other" lead="Of what each says that it needs, of what it was seen to offer, and of what uses it.">
      <Shown asked={asked}>
        {(known) => (
          <>
            {known.edges.length + known.usage.length + known.others.length === 0 ? (
              <p className="text-dim text-sm">None says that it needs another, and nothing uses them yet.</p>
            ) : (
              <DependencyGraph {...known} />
            )}
            <Findings findings={known.findings} />
            <PlanView plan={known.plan} nameOf={(serverId) => servers.find(({ id }) => id === serverId)?.slug ?? serverId} done={done} />
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
