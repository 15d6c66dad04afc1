import { v5 } from 'uuid';
import type { Loader } from '../../adapters/event-store/loader.ts';
import type { EventStore } from '../../adapters/event-store/port.ts';
import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import type { MailPost } from '../../adapters/mail/port.ts';
import type { PasswordHashes } from '../../adapters/password-hash/port.ts';
import { expireInvitation } from '../../commands/account.ts';
import type { Tell } from '../../commands/command.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { personInvited } from '../../domain/invitation.ts';
import type { Views } from '../../projections/query.ts';
import { invitationList } from '../../projections/views/invitations.ts';
import { createAttempting } from './attempting.ts';
import { createCompleting } from './completing.ts';
import { createFinding } from './found.ts';
import { createInvitations } from './invitations.ts';
import { createLinks } from './links.ts';
import { createMailing } from './mailing.ts';
import { createNames } from './names.ts';
import { createPasswords } from './passwords.ts';
import { createAccountReactions } from './reactions.ts';

export interface AccountsParts {
  readonly tell: Tell;
  readonly loader: Loader;
  readonly store: EventStore;
  readonly sealer: Sealer;
  readonly views: Views;
  readonly hashes: PasswordHashes;
  readonly post: MailPost;
  /** The installation's secret. */
  readonly secret: Buffer;
  /** Whoever registers before anybody else administers the installation. */
  readonly firstAdministers: boolean;
  /** Where links in mails lead to; only needed where mails are sent. */
  readonly publicUrl: string | undefined;
  readonly now: () => Date;
  readonly log: (message: string) => void;
}

/** Accounts with a password, the invitations and resets by which people come to them, and the mails that carry those. */
export function createAccounts(given: AccountsParts) {
  const { tell, views, post, secret, now } = given;
  const parts = { ...given, links: createLinks(secret), names: createNames(secret), attempting: createAttempting(tell) };
  const complete = createCompleting({ ...parts, first: given.firstAdministers });
  const finding = createFinding(parts, complete);
  const passwords = createPasswords(parts, finding, complete);
  const { grant, linkOf, ...invitations } = createInvitations(parts, finding, complete, now);
  const { resetLink, ...ways } = passwords;
  const sendMails = createMailing({ ...parts, finding, linkOf, resetLink, publicUrl: (given.publicUrl ?? '').replace(/\/+$/, '') });

  return {
    accounts: { ...ways, ...invitations, linkOf, sendsMails: post.sends },
    reactions: createAccountReactions({ ...parts, finding, complete, grant }),
    sendMails,
    /** Invitations that nobody redeemed in time are over, and forget whom they were for. */
    async sweep(): Promise<void> {
      const { documents } = await views.find(invitationList, { state: 'open', expiresAt: { lte: now().toISOString() } }, { limit: 200 });
      for (const { id: invitationId } of documents)
        await tell(annals(personInvited(invitationId)), expireInvitation({ invitationId }), { commandId: v5(`expire ${invitationId}`, v5.URL) });
    },
  };
}
