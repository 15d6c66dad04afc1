const letter = (subject: string, ...lines: readonly string[]) => ({ subject, text: `${lines.join('\n\n')}\n` });

/** What the mails say. Nothing that a stranger typed is in them. */
export const letters = {
  invitation: (link: string) =>
    letter(
      'An invitation to Annals',
      'You have been invited to Annals. Open this link to make your account:',
      link,
      'It is good for one account. If you do not know what this is about, leave it: nothing happens then.',
    ),
  registration: (link: string) =>
    letter(
      'Your address for Annals',
      'Somebody, you we hope, wants to use Annals with this address. Open this link within a day to make your account:',
      link,
      'If it was not you, leave it: nothing happens then.',
    ),
  known: (address: string) =>
    letter(
      'You have an account with Annals',
      'Somebody, you we hope, wants to make an account with this address. You have one already: log in here, or ask there for a new password:',
      address,
      'If it was not you, leave it: nothing has changed.',
    ),
  reset: (link: string) =>
    letter(
      'A new password for Annals',
      'Somebody, you we hope, asked for a new password for this address. Open this link within half an hour to set it:',
      link,
      'If it was not you, leave it: your password stays as it is.',
    ),
} as const;
