import { Labelled } from '../consoles/parts.tsx';
import { Line } from './frame.tsx';

/** The two fields of a new password, called `password` and `again`. */
export const NewPassword = () => (
  <>
    <Line>
      <Labelled label="New password" hint="At least 12 characters: a few words that go together badly are good.">
        <input name="password" type="password" autoComplete="new-password" minLength={12} maxLength={256} required className="field" />
      </Labelled>
    </Line>
    <Line>
      <Labelled label="Once more">
        <input name="again" type="password" autoComplete="new-password" required className="field" />
      </Labelled>
    </Line>
  </>
);
