import { LogIn } from 'lucide-react';
import { useCallback, useState } from 'react';
import { z } from 'zod';
import { Form, Labelled } from '../consoles/parts.tsx';
import { Shown, useAsked } from '../consoles/use-asked.tsx';
import { newPassword, post, takeSecret } from './doors.ts';
import { Frame, Line, Way, Ways } from './frame.tsx';
import { NewPassword } from './new-password.tsx';
import { addressOf, fetchWays, type Ways as WaysIn } from './ways.ts';

const Invitation = z.object({
  roles: z.array(z.string()),
  expiresAt: z.string(),
  email: z.string().optional(),
  name: z.string().optional(),
  passwords: z.boolean(),
});
type Invitation = z.infer<typeof Invitation>;

/** Where the link of an invitation leads, and that of a registration, which is one that somebody gave oneself. */
export function InvitationPage() {
  const [secret] = useState(takeSecret);
  const ask = useCallback(async () => {
    const [invitation, ways] = await Promise.all([post('/api/invitations/look', Invitation, { secret }), fetchWays()]);
    return { invitation, ways };
  }, [secret]);
  const asked = useAsked(ask);
  return (
    <Frame title="Your account" lead="You are invited. Make the account that you log in with from now on.">
      <Shown asked={asked}>{({ invitation, ways }) => <Choices secret={secret} invitation={invitation} ways={ways} />}</Shown>
      <Ways>
        <Way to="login">I have an account</Way>
      </Ways>
    </Frame>
  );
}

function Choices({ secret, invitation, ways: { providers } }: { secret: string; invitation: Invitation; ways: WaysIn }) {
  const returnTo = import.meta.env.BASE_URL;
  return (
    <>
      <ul className="mb-4 flex flex-col gap-2.5 empty:hidden">
        {providers.map(({ key, label }) => (
          <li key={key}>
            <a
              href={addressOf(key, { returnTo, invitation: secret })}
              className="pill pill-line flex w-full items-center justify-center gap-2 py-2.5"
            >
              <LogIn size={15} className="text-dim" /> Continue with {label}
            </a>
          </li>
        ))}
      </ul>
      {invitation.passwords && (
        <Form
          label="Make the account"
          send={async (fields) => {
            const email = invitation.email === undefined ? { email: fields.get('email') } : {};
            const body = { secret, name: fields.get('name'), password: newPassword(fields), ...email };
            await post('/api/invitations/redeem', z.object({ person: z.string() }), body);
            sessionStorage.removeItem(location.pathname);
            location.replace(returnTo);
          }}
        >
          <Line>
            <Labelled label="E-mail address">
              <input
                name="email"
                type="email"
                autoComplete="username"
                required
                readOnly={invitation.email !== undefined}
                defaultValue={invitation.email}
                className="field read-only:text-dim"
              />
            </Labelled>
          </Line>
          <Line>
            <Labelled label="Name">
              <input name="name" autoComplete="name" maxLength={255} defaultValue={invitation.name} className="field" />
            </Labelled>
          </Line>
          <NewPassword />
        </Form>
      )}
    </>
  );
}
