export interface MailMessage {
  /** Names the mail: a repeat after a crash has the same. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
}

/** `Unavailable`: later it may be taken. `Refused`: this one never will be. The message names neither the recipient nor what the mail says. */
export type MailOutcome = { readonly ok: true } | { readonly ok: false; readonly code: 'Unavailable' | 'Refused'; readonly message: string };

/** How mails leave. */
export interface MailPost {
  /** False where nothing is ever sent: whoever administers hands the links over. */
  readonly sends: boolean;
  /** At least once: whoever dies before the answer may send it again. Answers within half a minute. */
  send(message: MailMessage): Promise<MailOutcome>;
  close(): void;
}
