/** A login that leads nowhere: a stable code for the log, a sentence for the person, and what was behind it. */
export class LoginFailed extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: keyof typeof sentences, cause?: unknown) {
    super(sentences[code], { cause });
    this.name = 'LoginFailed';
    this.code = code;
    this.status = statuses[code] ?? 400;
  }
}

const sentences = {
  BadReturn: 'After a login this server leads to its own pages only.',
  StateMissing: 'This login was not begun here, or too long ago.',
  StateForeign: 'This answer belongs to another login.',
  IssuerForeign: 'This answer comes from another provider than the one that was asked.',
  ProviderRefused: 'The provider did not confirm who you are.',
  IdTokenRefused: 'What the provider says of you cannot be trusted: its signature, its time or its addressee is not right.',
  NoAccount: 'You have no account here, and new ones are made by administrators.',
  InvitationOver: 'This invitation is not valid, or no longer: ask for a new one.',
  Disabled: 'This account has been disabled: ask an administrator.',
  IdentityTaken: 'Somebody else logs in this way already.',
  SessionOver: 'The session that asked for this is over: log in again.',
  NotLoggedIn: 'Log in first: another way to log in is added to the one you have.',
  NotRecent: 'Log in again first: this is only for whoever has just proved who they are.',
  ForeignPage: 'Only a page of this server itself may ask for this.',
} as const;

const statuses: Readonly<Partial<Record<keyof typeof sentences, number>>> = { NotLoggedIn: 401, NotRecent: 403, ForeignPage: 403 };
