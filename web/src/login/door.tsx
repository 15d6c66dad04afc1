import { AskPage } from './ask-page.tsx';
import { InvitationPage } from './invitation-page.tsx';
import { LoginPage } from './login-page.tsx';
import { ResetPage } from './reset-page.tsx';
import type { doorOf } from './ways.ts';

/** The pages of whoever is not in yet. */
export function Door({ name }: { name: NonNullable<ReturnType<typeof doorOf>> }) {
  switch (name) {
    case 'register':
    case 'forgotten':
      return <AskPage what={name} />;
    case 'reset':
      return <ResetPage />;
    case 'invitation':
      return <InvitationPage />;
    case 'login':
      return <LoginPage />;
    default:
      return name satisfies never;
  }
}
