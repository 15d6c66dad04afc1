import { LogIn } from 'lucide-react';
import { Shown, useAsked } from '../consoles/use-asked.tsx';
import { Frame } from './frame.tsx';
import { PasswordForm } from './password-form.tsx';
import { addressOf, fetchWays, returnPath, type Ways } from './ways.ts';

/** Where somebody whom the server does not know finds the ways in. */
export function LoginPage() {
  const ways = useAsked(fetchWays);
  return (
    <Frame title="Log in" lead="Log in, and everything you said is here again.">
      <Shown asked={ways}>{(found) => <WaysIn ways={found} />}</Shown>
    </Frame>
  );
}

function WaysIn({ ways: { providers, password, registration } }: { ways: Ways }) {
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
    <>
      {providers.length > 0 && (
        <ul className="flex flex-col gap-2.5">
          {providers.map(({ key, label }) => (
            <li key={key}>
              <a href={addressOf(key, { returnTo })} className="pill pill-line flex w-full items-center justify-center gap-2 py-2.5">
                <LogIn size={15} className="text-dim" /> Continue with {label}
              </a>
            </li>
          ))}
        </ul>
      )}
      {providers.length > 0 && password && <p className="my-4 text-center text-dim text-xs">or</p>}
      {password && <PasswordForm returnTo={returnTo} registration={registration} />}
    </>
  );
}
