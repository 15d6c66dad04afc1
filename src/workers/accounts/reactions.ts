import { v5 } from 'uuid';
import { openPasswordReset } from '../../commands/account.ts';
import { queueMail } from '../../commands/mail.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { PasswordResetOpened, PasswordSet } from '../../domain/credential.ts';
import type { EventOf, RecordedEvent } from '../../domain/event.ts';
import { AccountPromised, InvitationIssued, InvitationRedeemed, personInvited } from '../../domain/invitation.ts';
import type { MailKind } from '../../domain/mail.ts';
import { PasswordResetAsked } from '../../domain/password-reset.ts';
import { personStream, persons } from '../../domain/person.ts';
import { done, type Reaction, type Verdict, verdictOf } from '../reaction.ts';
import type { Completing } from './completing.ts';
import type { Finding } from './found.ts';
import type { createInvitations } from './invitations.ts';
import type { AccountParts } from './parts.ts';
import { RESET_MS } from './passwords.ts';
import { endOthersFor, signOutFor } from './sign-out.ts';

interface ReactionParts extends Pick<AccountParts, 'tell' | 'loader'> {
  readonly finding: Finding;
  readonly complete: Completing;
  readonly grant: ReturnType<typeof createInvitations>['grant'];
}

/** What follows from the events of accounts, whoever died before doing it. */
export function createAccountReactions({ tell, loader, finding, complete, grant }: ReactionParts): readonly Reaction[] {
  const completed = async (recorded: RecordedEvent): Promise<Verdict> => {
    const outcome = await complete((recorded as unknown as EventOf<typeof AccountPromised>).data.invitationId);
    // Whoever came first with this address has it.
    return outcome.ok || outcome.error.code === 'IdentityTaken' ? done : verdictOf(outcome.error);
  };

  /** Where an account comes with it, that brings the roles. */
  const granted = async (recorded: RecordedEvent): Promise<Verdict> => {
    const { data, id } = recorded as unknown as EventOf<typeof InvitationRedeemed>;
    if (data.person === personInvited(data.invitationId)) return done;
    const outcome = await grant(data.person, data.roles, id);
    return outcome.ok ? done : verdictOf(outcome.error);
  };

  /** Only here it is found out whether the address is somebody's: whoever asked has had its answer. */
  const resetOpened = async (recorded: RecordedEvent): Promise<Verdict> => {
    const { data, id } = recorded as unknown as EventOf<typeof PasswordResetAsked>;
    const person = await finding.personOf(data.identity);
    if (person === undefined || (await loader.load(personStream(person), persons)).state.disabled) return done;
    const { resetId } = data;
    const told = await tell(annals(person), openPasswordReset({ person, resetId, validMs: RESET_MS, addressed: true }), {
      commandId: v5('open reset', id),
      causationId: id,
    });
    return told.ok || told.error.code === 'NoPassword' ? done : verdictOf(told.error);
  };

  const signedOut = async (recorded: RecordedEvent): Promise<Verdict> => {
    const { data, id } = recorded as unknown as EventOf<typeof PasswordSet>;
    if (data.why === 'invitation') return done;
    const told = await (data.why === 'reset' ? signOutFor(tell, data.person, id) : endOthersFor(tell, data.person, id, data.keeps));
    return told.ok ? done : verdictOf(told.error);
  };

  const queued = async ({ type, data, id, stream, revision, metadata }: RecordedEvent): Promise<Verdict> => {
    const { addressed, expiresAt, origin } = data as { addressed: boolean; expiresAt: string; origin?: string };
    if (!addressed) return done;
    const kind: MailKind = type === PasswordResetOpened.type ? 'reset' : origin === 'registration' ? 'registration' : 'invitation';
    const cause = { stream, revision: String(revision), eventId: id };
    const told = await tell(annals(metadata.subject), queueMail({ mailId: id, kind, cause, expiresAt }), {
      commandId: v5('queue', id),
      causationId: id,
    });
    return told.ok ? done : verdictOf(told.error);
  };

  return [
    { name: 'complete-account', types: [AccountPromised.type], from: 'start', handle: completed },
    { name: 'grant-invited', types: [InvitationRedeemed.type], from: 'start', handle: granted },
    { name: 'open-reset', types: [PasswordResetAsked.type], from: 'start', handle: resetOpened },
    { name: 'sign-out-after-password', types: [PasswordSet.type], from: 'start', handle: signedOut },
    { name: 'queue-mail', types: [InvitationIssued.type, PasswordResetOpened.type], from: 'start', handle: queued },
  ];
}
