import type { MailMessage, MailPost } from '../../adapters/mail/port.ts';
import { endMail, startMail } from '../../commands/mail.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { credentialStream, credentials } from '../../domain/credential.ts';
import type { PersonId } from '../../domain/ids.ts';
import { invitationStream, invitations } from '../../domain/invitation.ts';
import type { MailCause, MailKind } from '../../domain/mail.ts';
import type { Views } from '../../projections/query.ts';
import { mailList } from '../../projections/views/mails.ts';
import type { Finding } from './found.ts';
import { letters } from './letters.ts';
import { type AccountParts, textsAt } from './parts.ts';

interface MailingParts extends Pick<AccountParts, 'tell' | 'loader' | 'store' | 'sealer' | 'names'> {
  readonly views: Views;
  readonly post: MailPost;
  readonly finding: Finding;
  readonly linkOf: (invitationId: string) => string;
  readonly resetLink: (resetId: string, person: string) => string;
  /** Where links lead to. */
  readonly publicUrl: string;
  readonly now: () => Date;
  readonly log: (message: string) => void;
}

const AT_ONCE = 10;

/** Sends what is due. A mail is told to be on its way before it is, so that of all who find it one sends it, and the next one once that one is taken for dead. */
export function createMailing(parts: MailingParts): () => Promise<void> {
  const { tell, loader, views, post, finding, now, log } = parts;
  const addressed = (to: string, { subject, text }: { subject: string; text: string }) => ({ to, subject, text });
  let said: string | undefined;

  const toInvited = async (kind: 'invitation' | 'registration', { stream, revision, eventId }: MailCause) => {
    const { status } = (await loader.load(stream, invitations)).state;
    const texts = status === 'open' ? await textsAt(parts, stream, { eventId, revision: BigInt(revision) }) : undefined;
    if (!texts?.email) return undefined;
    const invitationId = stream.slice(invitationStream('').length);
    const link = `${parts.publicUrl}/app/invitation#${parts.linkOf(invitationId)}`;
    if (kind === 'invitation') return addressed(texts.email, letters.invitation(link));
    const isKnown = (await finding.personOf(parts.names.identity(texts.email))) !== undefined;
    return addressed(texts.email, isKnown ? letters.known(`${parts.publicUrl}/app/`) : letters.registration(link));
  };

  const toForgetful = async (person: string, { stream, revision }: MailCause) => {
    const [found, { resets }] = await Promise.all([
      finding.ofPerson(person as PersonId),
      loader.load(credentialStream(person), credentials).then(({ state }) => state),
    ]);
    for await (const { data } of parts.store.read(stream, { from: BigInt(revision), max: 1 })) {
      const resetId = String(data.resetId);
      if (found && resets.has(resetId))
        return addressed(found.email, letters.reset(`${parts.publicUrl}/app/reset#${parts.resetLink(resetId, person)}`));
    }
    return undefined;
  };

  /** Undefined when there is nothing to say any more. */
  const compose = (kind: MailKind, subject: string, cause: MailCause): Promise<Omit<MailMessage, 'id'> | undefined> =>
    kind === 'reset' ? toForgetful(subject, cause) : toInvited(kind, cause);

  const outcomeOf = async (id: string, doc: { kind: string; subject: string; cause: MailCause; expiresAt: string }) => {
    if (doc.expiresAt <= now().toISOString()) return { code: 'Expired', again: false };
    const message = await compose(doc.kind as MailKind, doc.subject, doc.cause);
    if (!message) return { code: 'Pointless', again: false };
    const sent = await post.send({ id, ...message });
    if (!sent.ok && sent.message !== said) log(`mails: ${sent.message}`);
    said = sent.ok ? undefined : sent.message;
    return sent.ok ? { again: false } : { code: sent.code, again: sent.code === 'Unavailable' };
  };

  return async () => {
    if (!post.sends) return;
    const { documents } = await views.find(mailList, { dueAt: { gt: '', lte: now().toISOString() } }, { sort: [['dueAt', 'asc']], limit: AT_ONCE });
    await Promise.all(
      documents.map(async ({ id: mailId, doc }) => {
        const attempt = doc.attempt + 1;
        const principal = annals(doc.subject as PersonId);
        const started = await tell(principal, startMail({ mailId, attempt }));
        if (!started.ok) return;
        const outcome = await outcomeOf(mailId, doc as unknown as Parameters<typeof outcomeOf>[1]);
        await tell(principal, endMail({ mailId, attempt, ...outcome }));
      }),
    );
  };
}
