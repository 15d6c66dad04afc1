import { useState } from 'react';
import { Act } from '../parts.tsx';
import { type Applied, applyPlan, type Dependencies, type PlanStep } from './releases.ts';

interface Planned {
  readonly plan: Dependencies['plan'];
  readonly nameOf: (serverId: string) => string;
  readonly done: () => void;
}

const verbs: Readonly<Record<string, string>> = { enable: 'switch on', disable: 'switch off', leave: 'leave the new version of' };
const outcomes: Readonly<Record<string, string>> = {
  done: 'done',
  begun: 'begun: see its update above',
  already: 'was so already',
  refused: 'refused',
};
const isMoved = ({ action }: PlanStep): boolean => action === 'update' || action === 'downgrade';

/** What would have to change so that everything fits; taken with one button, and taken back with another. */
export function PlanView({ plan, nameOf, done }: Planned) {
  const [applied, setApplied] = useState<Applied>();
  const steps = (plan.ok ? plan.steps : (plan.instead ?? [])).filter(({ action }) => action !== 'keep');
  const take = async (those: readonly object[], undoing: boolean) => {
    const report = await applyPlan(those);
    setApplied(undoing ? { ...report, undo: [] } : report);
  };
  return (
    <div className="mt-3 text-sm">
      {!plan.ok && (
        <>
          <p className="font-medium">There is no way in which everything fits. These contradict each other:</p>
          <ul className="list-disc pl-5">
            {plan.why.map((fact) => (
              <li key={fact}>{fact}</li>
            ))}
          </ul>
        </>
      )}
      {steps.length > 0 && (
        <>
          <p className="mt-2 font-medium">{plan.ok ? 'So everything would fit, in this order:' : 'So the rest would fit, in this order:'}</p>
          <ol className="mb-2 list-decimal pl-5">
            {steps.map((step) => (
              <li key={`${step.server} ${step.action}`}>
                {verbs[step.action] ?? step.action} {step.server}
                {isMoved(step) && ` from ${step.from} to ${step.to}`}
              </li>
            ))}
          </ol>
          <Act label="Apply the plan" act={() => take(steps, false)} done={done} />
        </>
      )}
      {applied && (
        <section aria-label="What became of the plan" className="mt-2">
          <ul className="list-disc pl-5">
            {applied.steps.map(({ serverId, action, outcome, reason }) => (
              <li key={`${serverId} ${action}`}>
                {verbs[action] ?? action} {nameOf(serverId)}: {outcomes[outcome] ?? outcome}
                {reason !== undefined && `. ${reason}`}
              </li>
            ))}
          </ul>
          {applied.undo.length > 0 && <Act label="Undo the plan" act={() => take(applied.undo, true)} done={done} />}
        </section>
      )}
    </div>
  );
}
