import { useState } from 'react';
import { z } from 'zod';
import { Form } from '../consoles/parts.tsx';
import { newPassword, post, takeSecret } from './doors.ts';
import { Frame, Way, Ways } from './frame.tsx';
import { NewPassword } from './new-password.tsx';

/** Where the link of a reset leads. */
export function ResetPage() {
  const [secret] = useState(takeSecret);
  const [isSet, setIsSet] = useState(false);
  return (
    <Frame title="Another password" lead="Set the password that you want to log in with from now on. You are logged out everywhere then.">
      {isSet ? (
        <p role="status" className="text-sm">
          Your password is set: log in with it.
        </p>
      ) : (
        <Form
          label="Set the password"
          send={async (fields) => {
            await post('/api/password-resets/redeem', z.unknown(), { secret, password: newPassword(fields) });
            sessionStorage.removeItem(location.pathname);
            setIsSet(true);
          }}
        >
          <NewPassword />
        </Form>
      )}
      <Ways>
        <Way to="login">Log in</Way>
      </Ways>
    </Frame>
  );
}
