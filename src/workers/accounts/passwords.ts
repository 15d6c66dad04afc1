import { askPasswordReset, changePassword, openPasswordReset, resetPassword } from '../../commands/account.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { PersonId, type SessionId } from '../../domain/ids.ts';
import { invitationOf, linkInvalid } from '../../domain/invitation.ts';
import { logins, loginsStream } from '../../domain/logins.ts';
import { passwordProblem } from '../../domain/password.ts';
import { personStream, persons } from '../../domain/person.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Completing } from './completing.ts';
import type { Finding } from './found.ts';
import { newResetId } from './ids.ts';
import { type AccountParts, failed, type Outcome } from './parts.ts';
import { endOthersFor, signOutFor } from './sign-out.ts';

/** How long the link of a reset is good for. */
export const RESET_MS = 30 * 60_000;

/** The same for an unknown address, a wrong password and somebody who was shut out. */
const loginRefused = failed('LoginRefused', 'This address and this password do not belong together.');
const badLink = { ok: false as const, error: linkInvalid.refused };

/** Logging in with an e-mail address and a password, and everything that changes the password. */
export function createPasswords({ tell, loader, hashes, links, names, attempting }: AccountParts, finding: Finding, complete: Completing) {
  const standing = async (person: string) => (await loader.load(personStream(person), persons)).state;

  const resetLink = (resetId: string, person: string): string => links.make('reset', resetId.replace('reset_', ''), person.replace('person_', ''));

  return {
    resetLink,

    /** `from` is the network of the client. */
    async login({ email, password, from }: { email: string; password: string; from: string }): Promise<Outcome<{ person: PersonId }>> {
      const identity = names.identity(email);
      const attempted = await attempting([names.attempts('login from', from), names.attempts('login', identity)]);
      if (!attempted.ok) return attempted;
      const found = await finding.ofIdentity(identity);
      const isRight = await hashes.verify(found?.hash, password);
      if (!found || !isRight) return loginRefused;
      const { person } = found;
      if (!(await standing(person)).registered) await complete(invitationOf(person));
      const { registered, disabled } = await standing(person);
      const { removed } = (await loader.load(loginsStream(person), logins)).state;
      if (disabled || !registered || removed.has(identity)) return loginRefused;
      await attempted.attempt.forgive();
      return { ok: true, person };
    },

    /** Who asks is told nothing about whether the address is somebody's. */
    async askReset({ email, from }: { email: string; from: string }): Promise<Outcome> {
      const identity = names.identity(email);
      const attempted = await attempting([names.attempts('reset from', from), names.attempts('reset', identity)]);
      if (!attempted.ok) return attempted;
      const told = await tell(annals('person_visitors' as PersonId), askPasswordReset({ resetId: newResetId(), identity }));
      return told.ok ? { ok: true } : told;
    },

    /** A link to hand over, by somebody who may. */
    async openReset(principal: Principal, person: PersonId): Promise<Outcome<{ secret: string; validMs: number }>> {
      const resetId = newResetId();
      const told = await tell(principal, openPasswordReset({ person, resetId, validMs: RESET_MS, addressed: false }));
      return told.ok ? { ok: true, secret: resetLink(resetId, person), validMs: RESET_MS } : told;
    },

    async reset({ secret, password, from }: { secret: unknown; password: string; from: string }): Promise<Outcome<{ person: PersonId }>> {
      const [reset, whose] = links.read('reset', secret) ?? [];
      const person = PersonId.safeParse(`person_${whose}`).data;
      const attempted = await attempting([names.attempts('link from', from)]);
      if (!attempted.ok) return attempted;
      const found = reset === undefined || person === undefined ? undefined : await finding.ofPerson(person);
      const wrong = passwordProblem(password, found?.email ?? '');
      if (wrong !== undefined) return failed('PasswordRefused', wrong);
      if (!found || (await standing(found.person)).disabled) return badLink;
      const hash = await hashes.hash(password);
      const told = await tell(annals(found.person), resetPassword({ person: found.person, resetId: `reset_${reset}`, email: found.email, hash }));
      if (!told.ok) return told;
      // The reaction to the event does the same, should this process die before.
      await signOutFor(tell, found.person, told.result.eventId);
      await attempted.attempt.forgive();
      return { ok: true, person: found.person };
    },

    /** By the person itself, which has to know the old one; what it gets wrong counts for itself alone. */
    async change(principal: Principal, { old, next, keeps }: { old: string; next: string; keeps?: SessionId | undefined }): Promise<Outcome> {
      const person = principal.id;
      const attempted = await attempting([names.attempts('change', person)]);
      if (!attempted.ok) return attempted;
      const found = await finding.ofPerson(person);
      const isRight = await hashes.verify(found?.hash, old);
      if (!found) return failed('NoPassword', 'You do not log in with a password here.');
      if (!isRight) return failed('WrongPassword', 'This is not your password.');
      await attempted.attempt.forgive();
      const wrong = passwordProblem(next, found.email);
      if (wrong !== undefined) return failed('PasswordRefused', wrong);
      const hash = await hashes.hash(next);
      const kept = keeps === undefined ? {} : { keeps };
      const told = await tell(principal, changePassword({ person, over: found.place.eventId, email: found.email, hash, ...kept }));
      if (!told.ok) return told;
      await endOthersFor(tell, person, told.result.eventId, keeps);
      return { ok: true };
    },
  };
}
