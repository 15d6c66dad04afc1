import { ShieldAlert, ShieldCheck } from 'lucide-react';
import { z } from 'zod';
import { request } from '../../api.ts';
import { Section, When } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import { Head } from './proof.ts';

const Heads = z.object({ publicKey: z.string(), installation: z.string(), problem: z.string().nullable(), heads: z.array(Head) });
export const fetchHeads = () => request('/api/audit/heads?limit=5', Heads);

/** Whether the log is still what it was, as far as it has been signed. */
export function Integrity() {
  const heads = useAsked(fetchHeads);
  return (
    <Section title="Integrity" lead="Each head is signed after the log was shown to begin with the log of the head before.">
      <Shown asked={heads}>
        {({ problem, publicKey, heads: [last, ...before] }) => (
          <div className="rounded-xl border border-line bg-leaf px-4 py-3 text-sm">
            {problem === null ? (
              <p className="flex items-center gap-2 font-medium text-verdigris">
                <ShieldCheck size={17} className="flex-none" />{' '}
                {last ? 'Nothing has been changed, as far as it is signed.' : 'No head has been signed yet.'}
              </p>
            ) : (
              <p role="alert" className="flex items-center gap-2 font-medium text-rubric">
                <ShieldAlert size={17} className="flex-none" /> {problem}
              </p>
            )}
            {last && (
              <dl className="mt-2 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
                <Fact name="Verified to">event {last.size.toLocaleString()}</Fact>
                <Fact name="Signed">
                  <When time={last.time} />
                  {before.length > 0 && ` · before that at ${before.map(({ size }) => size.toLocaleString()).join(', ')} events`}
                </Fact>
                <Fact name="Root">
                  <code className="break-all font-mono text-xs">{last.rootHash}</code>
                </Fact>
                <Fact name="Public key">
                  <code className="break-all font-mono text-xs">{publicKey}</code>
                </Fact>
              </dl>
            )}
            <p className="mt-2 text-dim">
              A head proves as much as the place where it is kept: keep copies elsewhere, and compare the log with them by annals verify.
            </p>
          </div>
        )}
      </Shown>
    </Section>
  );
}

const Fact = ({ name, children }: { name: string; children: React.ReactNode }) => (
  <>
    <dt className="text-dim">{name}</dt>
    <dd className="min-w-0">{children}</dd>
  </>
);
