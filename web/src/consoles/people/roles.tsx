import { useState } from 'react';
import { toast } from '../../ui/toasts.tsx';

export const allRoles = ['administrator', 'member', 'viewer', 'auditor', 'analyst'] as const;

/** The roles of somebody, behind a button until they are to be changed. */
export function RolesOf({ roles, save }: { roles: readonly string[]; save: (roles: readonly string[]) => Promise<void> }) {
  const [chosen, setChosen] = useState<readonly string[]>();
  if (!chosen)
    return (
      <button type="button" className="pill pill-line" onClick={() => setChosen(roles)}>
        Roles
      </button>
    );
  const toggle = (role: string) => setChosen(chosen.includes(role) ? chosen.filter((each) => each !== role) : [...chosen, role]);
  const apply = () =>
    save(chosen).then(
      () => setChosen(undefined),
      (error: Error) => toast(error.message),
    );
  return (
    <fieldset className="flex max-w-[min(26rem,78vw)] flex-wrap items-center gap-x-3 gap-y-1 text-sm" aria-label="Roles">
      {[...new Set([...allRoles, ...roles])].map((role) => (
        <label key={role} className="flex items-center gap-1.5">
          <input type="checkbox" checked={chosen.includes(role)} onChange={() => toggle(role)} /> {role}
        </label>
      ))}
      <button type="button" className="pill pill-solid" disabled={chosen.length === 0} onClick={() => void apply()}>
        Save
      </button>
      <button type="button" className="pill pill-line" onClick={() => setChosen(undefined)}>
        Leave
      </button>
    </fieldset>
  );
}
