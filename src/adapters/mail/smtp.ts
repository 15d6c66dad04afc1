import type { Transporter } from 'nodemailer';
import type { MailPost } from './port.ts';

/** Loaded by the first mail: many installations send none. */
const nodemailer = () => import('nodemailer');

/** In ms; together they stay below what whoever sends is given. */
const timeouts = { connectionTimeout: 8000, greetingTimeout: 8000, socketTimeout: 15_000, dnsTimeout: 5000 };

export interface SmtpOptions {
  /** `smtp://user:password@host:587`, or `smtps://…` for TLS from the beginning; `smtp://` changes to TLS where the server can. */
  readonly url: string;
  /** `Annals <annals@example.org>` */
  readonly from: string;
}

/** Sends through a server for mails. */
export function createSmtpPost({ url, from }: SmtpOptions): MailPost {
  let opened: Promise<Transporter> | undefined;
  const open = async (): Promise<Transporter> =>
    (await nodemailer()).createTransport({ url, ...timeouts }, { from, disableFileAccess: true, disableUrlAccess: true });
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? 'localhost';
  return {
    sends: true,
    async send({ id, to, subject, text }) {
      try {
        const headers = { 'Auto-Submitted': 'auto-generated' };
        opened ??= open();
        await (await opened).sendMail({ to: { name: '', address: to }, subject, text, headers, messageId: `<${id}@${domain}>` });
        return { ok: true };
      } catch (error) {
        const { code, responseCode } = error as { code?: string; responseCode?: number };
        const message = `The server for mails answered ${responseCode ?? code ?? 'nothing'}.`;
        const isLasting = responseCode !== undefined && responseCode >= 500 && code !== 'EAUTH';
        return { ok: false, code: isLasting ? 'Refused' : 'Unavailable', message };
      }
    },
    close: () => void opened?.then((transport) => transport.close()),
  };
}

/** Why the server does not let us in; undefined when it does. Nothing is sent. */
export async function askSmtp(url: string): Promise<string | undefined> {
  const transport = (await nodemailer()).createTransport({ url, ...timeouts });
  try {
    await transport.verify();
    return undefined;
  } catch (error) {
    const { code, responseCode } = error as { code?: string; responseCode?: number };
    if (code === 'EAUTH') return 'it knows no such user with this password; look at ANNALS_SMTP_URL.';
    return `it answered ${responseCode ?? code ?? 'nothing'}; look at host, port and whether it is smtp:// or smtps:// in ANNALS_SMTP_URL.`;
  } finally {
    transport.close();
  }
}
