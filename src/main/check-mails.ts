import { askSmtp } from '../adapters/mail/smtp.ts';
import { type Finding, fine, problem } from './finding.ts';

/** Whether the server for mails lets this installation in. Nothing is sent. */
export async function checkMails(url: string): Promise<readonly Finding[]> {
  const { host } = new URL(url);
  const why = await askSmtp(url);
  return [
    why === undefined ? fine(`The server for mails at ${host} lets us in.`) : problem(`The server for mails at ${host} cannot be used: ${why}`),
  ];
}
