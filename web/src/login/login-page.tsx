import { LogIn } from 'lucide-react';
import { useEffect } from 'react';
import { Shown, useAsked } from '../consoles/use-asked.tsx';
import { addressOf, fetchWays, returnPath, type Ways } from './ways.ts';

/** Where somebody whom the server does not know finds the ways in. */
export function LoginPage() {
  const ways = useAsked(fetchWays);
  useEffect(() => {
    document.title = 'Log in · Annals';
  }, []);
  return (
    <main className="flex h-full items-center justify-center overflow-y-auto px-4 py-10" aria-label="Log in">
      <div className="w-full max-w-[24rem] rounded-2xl border border-line bg-leaf px-8 py-9 shadow-sm">
        <h1 className="font-display text-[2.3rem] leading-tight tracking-tight">
          <span className="text-rubric">A</span>nnals
        </h1>
        <p className="mt-1 mb-6 text-dim text-sm">Log in, and everything you said is here again.</p>
        <Shown asked={ways}>{(found) => <WaysIn ways={found} />}</Shown>
      </div>
    </main>
  );
}

function WaysIn({ ways: { providers, password } }: { ways: Ways }) {
  const returnTo = returnPath();
  if (providers.length === 0 && !password)
    return (
      <p className="text-sm">
        There is nothing to log in with here.{' '}
        <a className="underline" href={import.meta.env.BASE_URL}>
          Go on
        </a>
      </p>
    );
  return (
    <ul className="flex flex-col gap-2.5">
      {providers.map(({ key, label }) => (
        <li key={key}>
          <a href={addressOf(key, { returnTo })} className="pill pill-line flex w-full items-center justify-center gap-2 py-2.5">
            <LogIn size={15} className="text-dim" /> Continue with {label}
          </a>
        </li>
      ))}
    </ul>
  );
}
