import { z } from 'zod';
import { Form, Labelled } from '../consoles/parts.tsx';
import { post } from './doors.ts';
import { Line, Way, Ways } from './frame.tsx';

/** Logging in with an e-mail address and a password. */
export const PasswordForm = ({ returnTo, registration }: { returnTo: string; registration: boolean }) => (
  <>
    <Form
      label="Log in"
      send={async (fields) => {
        await post('/api/login', z.object({ person: z.string() }), { email: fields.get('email'), password: fields.get('password') });
        location.replace(returnTo);
      }}
    >
      <Line>
        <Labelled label="E-mail address">
          <input name="email" type="email" autoComplete="username" required className="field" />
        </Labelled>
      </Line>
      <Line>
        <Labelled label="Password">
          <input name="password" type="password" autoComplete="current-password" required className="field" />
        </Labelled>
      </Line>
    </Form>
    <Ways>
      <Way to="forgotten">Password forgotten</Way>
      {registration && <Way to="register">Make an account</Way>}
    </Ways>
  </>
);
