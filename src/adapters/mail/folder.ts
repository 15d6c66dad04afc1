import type { MailPost } from './port.ts';

/** An installation that is one folder, without a server for mails: nothing leaves it. */
export const createFolderPost = (): MailPost => ({
  sends: false,
  send: async () => ({ ok: false, code: 'Refused', message: 'No server for mails is set: see ANNALS_SMTP_URL.' }),
  close: () => undefined,
});
