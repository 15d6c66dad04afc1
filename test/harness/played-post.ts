import type { MailMessage, MailOutcome, MailPost } from '../../src/adapters/mail/port.ts';
import { until } from './until.ts';

export interface PlayedPost {
  readonly post: MailPost;
  readonly sent: MailMessage[];
  /** What the next mails are answered; when none is left they are taken. */
  readonly answers: MailOutcome[];
  /** The secret in the last mail to this address, once there is one more than before. */
  secretFor(to: string, number?: number): Promise<string>;
}

/** A server for mails that keeps what it gets. */
export function playedPost(): PlayedPost {
  const sent: MailMessage[] = [];
  const answers: MailOutcome[] = [];
  return {
    sent,
    answers,
    post: {
      sends: true,
      send: async (message) => {
        const answer = answers.shift() ?? { ok: true };
        if (answer.ok) sent.push(message);
        return answer;
      },
      close: () => undefined,
    },
    async secretFor(to, number = 1) {
      const to_ = () => sent.filter((mail) => mail.to === to);
      await until(() => to_().length >= number);
      return secretIn(to_()[number - 1]?.text ?? '');
    },
  };
}

/** What a link carries behind its #. */
export const secretIn = (text: string): string => /#(\S+)/.exec(text)?.[1] ?? '';
