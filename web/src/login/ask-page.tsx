import { useState } from 'react';
import { Form, Labelled } from '../consoles/parts.tsx';
import { Mailed, post } from './doors.ts';
import { Frame, Line, Way, Ways } from './frame.tsx';

const asking = {
  register: {
    title: 'Make an account',
    lead: 'Give your address, and you get a link to make an account with.',
    path: '/api/registrations',
    sent: 'If this address can be used here, a mail with a link is on its way. It is good for a day.',
    byHand: 'Your wish is noted. No mails leave this server: ask whoever runs it for your link.',
  },
  forgotten: {
    title: 'Password forgotten',
    lead: 'Give the address you log in with, and you get a link to set another password.',
    path: '/api/password-resets',
    sent: 'If somebody logs in with this address here, a mail with a link is on its way. It is good for half an hour.',
    byHand: 'No mails leave this server: ask whoever runs it for a link to set another password.',
  },
} as const;

/** Asks for a link by mail. The answer is the same for an address that is known and one that is not. */
export function AskPage({ what }: { what: keyof typeof asking }) {
  const { title, lead, path, sent, byHand } = asking[what];
  const [answer, setAnswer] = useState<string>();
  return (
    <Frame title={title} lead={lead}>
      {answer ? (
        <p role="status" className="text-sm">
          {answer}
        </p>
      ) : (
        <Form
          label={what === 'register' ? 'Ask for an account' : 'Ask for a link'}
          send={async (fields) => {
            const { mailed } = await post(path, Mailed, { email: fields.get('email') });
            setAnswer(mailed ? sent : byHand);
          }}
        >
          <Line>
            <Labelled label="E-mail address">
              <input name="email" type="email" autoComplete="username" required className="field" />
            </Labelled>
          </Line>
        </Form>
      )}
      <Ways>
        <Way to="login">Log in</Way>
      </Ways>
    </Frame>
  );
}
