import { useCallback, useEffect, useState } from 'react';
import { toast } from '../../ui/toasts.tsx';
import { Act, Section, When } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import {
  approveUpdate,
  beginUpdate,
  dismissUpdate,
  fetchUpdates,
  type Updates as Known,
  lookUp,
  rollBack,
  setUpdates,
  type Update,
} from './releases.ts';
import { ReportView } from './report.tsx';
import type { Server } from './tool-servers.ts';

const isOfNpm = ({ administered }: Server): boolean => /(^|\/)npx$/.test(administered?.address?.command ?? '');
const AGAIN_MS = 1500;

/** Servers that npm brings, with the versions there are of each. */
export function Updates({ servers, done }: { servers: readonly Server[]; done: () => void }) {
  const all = servers.filter(isOfNpm);
  if (all.length === 0) return null;
  return (
    <Section
      title="Updates"
      lead="A new version is installed apart, without its scripts, and tried where no model reaches it. It is swapped at once, watched, and given up again if it does not hold."
    >
      {all.map((server) => (
        <OneServer key={server.id} server={server} done={done} />
      ))}
    </Section>
  );
}

function OneServer({ server: { id, slug }, done }: { server: Server; done: () => void }) {
  const asked = useAsked(useCallback(() => fetchUpdates(id), [id]));
  const { value, reload } = asked;
  const [expecting, setExpecting] = useState(0);
  const busy = expecting > 0 || ['preparing', 'approved', 'watched'].includes(value?.update?.status ?? '');
  useEffect(() => {
    if (!busy) return;
    const timer = setInterval(() => {
      setExpecting((left) => Math.max(0, left - 1));
      reload();
    }, AGAIN_MS);
    return () => clearInterval(timer);
  }, [busy, reload]);
  const changed = () => {
    setExpecting(4);
    reload();
    done();
  };
  return (
    <article aria-label={`Updates of ${slug}`} className="mt-3 border-line border-t pt-3">
      <Shown asked={asked}>{(known) => <Standing slug={slug} id={id} known={known} changed={changed} />}</Shown>
    </article>
  );
}

function Standing({ slug, id, known, changed }: { slug: string; id: string; known: Known; changed: () => void }) {
  const { update, running, registered, versions, previous, lookedUpAt, problem, history } = known;
  const current = running ?? registered;
  const newer = current === null ? [] : versions.slice(0, Math.max(0, versions.indexOf(current)));
  const open = update !== null && ['preparing', 'waiting', 'approved', 'watched'].includes(update.status);
  const mode = (value: string) => void setUpdates(id, value).then(changed, (error: unknown) => toast((error as Error).message));
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <p className="font-medium">
            {slug} {current && <span className="font-mono text-sm">{current}</span>}
          </p>
          <p className="break-words text-dim text-sm">
            {[known.package, problem === null ? newest(newer, lookedUpAt) : (words[problem] ?? problem)].filter(Boolean).join(' · ')}
          </p>
        </div>
        <label className="flex items-center gap-2 text-sm">
          <span className="flex-none">New versions</span>
          <select
            className="min-w-0 rounded-xl border border-line bg-leaf px-2 py-1"
            value={known.updates}
            onChange={({ target }) => mode(target.value)}
          >
            <option value="manual">when I say so</option>
            <option value="compatible">by themselves, if compatible</option>
          </select>
        </label>
        <Act label="Look for versions" act={() => lookUp(id)} done={changed} />
        {previous !== null && <Act label={`Go back to ${previous}`} act={() => rollBack(id)} done={changed} />}
      </div>
      {!open && newer.length > 0 && <Choose newer={newer} begin={(version) => beginUpdate(id, version)} done={changed} />}
      {update && <UpdateView id={id} update={update} changed={changed} />}
      {history.length > 0 && (
        <details className="mt-2 text-sm">
          <summary className="cursor-pointer text-dim">What happened</summary>
          <ol className="mt-1 space-y-0.5">
            {history.map(({ at, what, from, to, code }) => (
              <li key={`${at} ${what} ${to}`}>
                <When time={at} /> · {steps[what] ?? what} {[from, to].filter(Boolean).join(' → ')}{' '}
                {code && <span className="text-dim">({code})</span>}
              </li>
            ))}
          </ol>
        </details>
      )}
    </>
  );
}

function newest(newer: readonly string[], lookedUpAt: string | null): string {
  if (lookedUpAt === null) return 'Nobody has looked for versions yet.';
  return newer.length === 0 ? 'There is no newer version.' : `${newer.length} newer, up to ${newer[0]}`;
}

function Choose({ newer, begin, done }: { newer: readonly string[]; begin: (version: string) => Promise<unknown>; done: () => void }) {
  const [version, setVersion] = useState(newer[0] ?? '');
  return (
    <div className="mt-2 flex flex-wrap items-center gap-2 text-sm">
      <select
        aria-label="Version"
        className="rounded-xl border border-line bg-leaf px-2 py-1"
        value={version}
        onChange={({ target }) => setVersion(target.value)}
      >
        {newer.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      <Act label="Try it apart" act={() => begin(version)} done={done} />
    </div>
  );
}

function UpdateView({ id, update, changed }: { id: string; update: Update; changed: () => void }) {
  const { from, to, status, why, reason, calls, conflicts, report } = update;
  const [renames, setRenames] = useState<Readonly<Record<string, string>>>({});
  const choose = (of: string, as: string | undefined) =>
    setRenames(({ [of]: _, ...others }) => (as === undefined ? others : { ...others, [of]: as }));
  const isWaiting = status === 'waiting';
  return (
    <div className="mt-3 rounded-xl border border-line bg-shade p-3 text-sm">
      <p role="status">
        <span className="font-medium">
          {from} → {to}:
        </span>{' '}
        {statuses[status]} {why.map((code) => words[code] ?? code).join(' ')} {reason}
        {calls && calls.made > 0 && ` ${calls.made} recorded calls were made again, ${calls.failed} of them failed.`}
      </p>
      {conflicts.map((conflict) => (
        <p key={conflict} className="text-rubric">
          {conflict}
        </p>
      ))}
      {report && (isWaiting || status === 'watched') && (
        <div className="mt-3">
          <ReportView report={report} chosen={renames} {...(isWaiting ? { choose } : {})} />
        </div>
      )}
      {isWaiting && (
        <div className="mt-3 flex flex-wrap gap-2">
          <Act label={`Take ${to}`} act={() => approveUpdate(id, update, renames)} done={changed} />
          <Act label="Leave it" act={() => dismissUpdate(id, update)} done={changed} />
        </div>
      )}
    </div>
  );
}

const statuses: Readonly<Record<Update['status'], string>> = {
  preparing: 'It is being installed and tried.',
  waiting: 'It waits for you.',
  approved: 'It is about to be swapped.',
  watched: 'It runs, and is watched.',
  kept: 'It holds.',
  dismissed: 'It was left.',
  failed: 'It was not taken.',
  rolledBack: 'It was given up again.',
};
const steps: Readonly<Record<string, string>> = { rolledBack: 'gone back', kept: 'held', waiting: 'waited' };
const words: Readonly<Record<string, string>> = {
  Asked: 'It is compatible.',
  Breaking: 'It breaks what was there.',
  Unknown: 'Whether it breaks something cannot be decided.',
  Security: 'What it says to models has changed.',
  Conflicts: 'It does not fit to other servers.',
  Withheld: 'Tools of the old one are withheld for having changed.',
  CallsFail: 'Calls that worked fail.',
  DoesNotStart: 'It does not start.',
  DoesNotAnswer: 'It does not answer.',
  OldDoesNotStart: 'The old one does not start where it would be gone back to.',
  RegistrationChanged: 'The server is registered otherwise now.',
  InstallUnreachable: 'The registry could not be reached.',
  InstallUnsupported: 'It does not run here.',
  crashes: 'It ended again and again.',
  errors: 'Most calls failed.',
  unreachable: 'It could not be reached.',
  asked: 'Somebody said so.',
  NoPackage: 'It is started in a way from which its package cannot be seen.',
  Missing: 'There is no npm on this machine.',
  Unreachable: 'The registry could not be reached.',
  NotFound: 'The registry has no such package.',
};
