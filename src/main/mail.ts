import { createFolderPost } from '../adapters/mail/folder.ts';
import type { MailPost } from '../adapters/mail/port.ts';
import { createSmtpPost } from '../adapters/mail/smtp.ts';
import type { Settings } from '../settings.ts';
import { StartRefused } from './refused.ts';

/** By which way mails leave: by a server for mails where one is set. Throws `StartRefused` when a setting is missing. */
export function openPost({ ANNALS_SMTP_URL: url, ANNALS_MAIL_FROM: from, ANNALS_PUBLIC_URL: publicUrl }: Settings): MailPost {
  if (url === undefined) return createFolderPost();
  if (from === undefined) throw new StartRefused('ANNALS_SMTP_URL needs ANNALS_MAIL_FROM: the address that mails come from.');
  if (publicUrl === undefined) throw new StartRefused('ANNALS_SMTP_URL needs ANNALS_PUBLIC_URL: the links in mails lead there.');
  return createSmtpPost({ url, from });
}
