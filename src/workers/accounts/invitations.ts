import { v5 } from 'uuid';
import { issueInvitation, redeemInvitation } from '../../commands/account.ts';
import { changeRoles, registerPerson } from '../../commands/person.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { PersonId } from '../../domain/ids.ts';
import { type Invitation, InvitationId, invitationStream, invitations, linkInvalid, personInvited } from '../../domain/invitation.ts';
import { passwordProblem } from '../../domain/password.ts';
import { personStream, persons } from '../../domain/person.ts';
import type { Principal, Role } from '../../domain/principal.ts';
import type { Completing } from './completing.ts';
import type { Finding } from './found.ts';
import { newInvitationId } from './ids.ts';
import { normalAddress } from './names.ts';
import { type AccountParts, failed, type Outcome, textsAt } from './parts.ts';

const HOUR = 3600_000;
/** How long the link that verifies an address is good for. */
const REGISTRATION_MS = 24 * HOUR;

export interface Issued {
  readonly invitationId: string;
  /** For the link, and nowhere else. */
  readonly secret: string;
}
interface Redemption {
  readonly secret?: unknown;
  /** Where the invitation has no address: the one to log in with. */
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  readonly password: string;
  readonly from: string;
}

const badLink = { ok: false as const, error: linkInvalid.refused };

/** Links that let somebody in: by an administrator, or asked for by whoever registers with an address. */
export function createInvitations(parts: AccountParts, finding: Finding, complete: Completing, now: () => Date) {
  const { tell, loader, hashes, links, names, attempting } = parts;

  const linkOf = (invitationId: string): string => links.make('invitation', invitationId.replace('invitation_', ''));

  /** The open invitation that the secret is of. */
  const opened = async (secret: unknown): Promise<{ id: string; invitation: Invitation; email: string; name: string } | undefined> => {
    const [id] = links.read('invitation', secret) ?? [];
    const invitationId = InvitationId.safeParse(`invitation_${id}`).data;
    if (invitationId === undefined) return undefined;
    const stream = invitationStream(invitationId);
    const invitation = (await loader.load(stream, invitations)).state;
    if (invitation.status !== 'open' || !invitation.issued || now().toISOString() >= invitation.expiresAt) return undefined;
    const texts = await textsAt(parts, stream, invitation.issued);
    return texts && { id: invitationId, invitation, email: texts.email ?? '', name: texts.name ?? '' };
  };

  /** Whoever was let in has these roles, whatever it had before; once for the event, so that what is taken away later stays away. */
  const grant = async (person: PersonId, roles: readonly Role[], eventId: string): Promise<Outcome> => {
    const { registered, roles: before } = (await loader.load(personStream(person), persons)).state;
    const all = [...new Set([...before, ...roles])];
    const told = await tell<unknown>(
      annals(person),
      registered ? changeRoles({ person, roles: all }) : registerPerson({ person, via: 'invitation', roles: [...roles], profile: {} }),
      { commandId: v5('grant', eventId), causationId: eventId },
    );
    return told.ok || told.error.code === 'AlreadyRegistered' || told.error.code === 'IdempotencyMismatch' ? { ok: true } : told;
  };

  return {
    linkOf,
    grant,

    async invite(
      principal: Principal,
      { roles, email = '', name = '', days }: { roles: readonly Role[]; email?: string | undefined; name?: string | undefined; days: number },
    ): Promise<Outcome<Issued>> {
      const invitationId = newInvitationId();
      const issued = { invitationId, origin: 'administrator' as const, roles: [...roles], validMs: days * 24 * HOUR, email, fullName: name };
      const told = await tell(principal, issueInvitation(issued));
      return told.ok ? { ok: true, invitationId, secret: linkOf(invitationId) } : told;
    },

    /** An invitation that somebody gives oneself, if the address is one’s own. Nobody is told whether it is somebody’s already. */
    async register({ email, from }: { email: string; from: string }): Promise<Outcome> {
      const attempted = await attempting([names.attempts('register from', from), names.attempts('register', names.identity(email))]);
      if (!attempted.ok) return attempted;
      const invitationId = newInvitationId();
      const issued = { invitationId, origin: 'registration' as const, roles: ['member' as const], validMs: REGISTRATION_MS, email, fullName: '' };
      const told = await tell(annals(personInvited(invitationId)), issueInvitation(issued));
      return told.ok ? { ok: true } : told;
    },

    /** What its page shows to whoever has the link. */
    async look({ secret, from }: { secret: unknown; from: string }) {
      const attempted = await attempting([names.attempts('link from', from)]);
      if (!attempted.ok) return attempted;
      const found = await opened(secret);
      if (!found) return badLink;
      await attempted.attempt.forgive();
      const { invitation, email, name } = found;
      const { roles, expiresAt, origin } = invitation;
      return { ok: true as const, roles, expiresAt, origin, ...(email === '' ? {} : { email }), ...(name === '' ? {} : { name }) };
    },

    /** Makes an account with a password: of all who have the link, for one. */
    async redeem({ secret, email: given = '', name, password, from }: Redemption): Promise<Outcome<{ person: PersonId }>> {
      const attempted = await attempting([names.attempts('link from', from)]);
      if (!attempted.ok) return attempted;
      const found = await opened(secret);
      if (!found) return badLink;
      const email = found.email || given.trim();
      if (email === '') return failed('AddressMissing', 'Give the e-mail address that you want to log in with.');
      const wrong = passwordProblem(password, email);
      if (wrong !== undefined) return failed('PasswordRefused', wrong);
      const identity = names.identity(email);
      if ((await finding.personOf(identity)) !== undefined) return addressTaken;
      const person = personInvited(found.id);
      const account = { identity, email: normalAddress(email), name: (name ?? found.name).trim(), hash: await hashes.hash(password) };
      const told = await tell(annals(person), redeemInvitation({ invitationId: found.id, person, account }));
      if (!told.ok) return told;
      const made = await complete(found.id);
      if (!made.ok) return made.error.code === 'IdentityTaken' ? addressTaken : made;
      await attempted.attempt.forgive();
      return { ok: true, person };
    },

    /** For somebody who has proved in another way who it is. Once; by the same person again it is the same. */
    async redeemFor(secret: unknown, person: PersonId): Promise<Outcome<{ roles: readonly Role[] }>> {
      const [id] = links.read('invitation', secret) ?? [];
      const invitationId = InvitationId.safeParse(`invitation_${id}`).data;
      if (invitationId === undefined) return badLink;
      const told = await tell(annals(person), redeemInvitation({ invitationId, person }));
      if (!told.ok) return told;
      const { roles } = (await loader.load(invitationStream(invitationId), invitations)).state;
      const { eventId } = told.result;
      const granted = eventId === '' ? { ok: true as const } : await grant(person, roles, eventId);
      return granted.ok ? { ok: true, roles } : granted;
    },
  };
}

const addressTaken = failed('AddressTaken', 'Somebody logs in with this e-mail address already: log in, or take another one.');
