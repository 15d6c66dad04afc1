import { createHmac, randomUUID } from 'node:crypto';
import type { CommandValue, Told } from '../../../commands/command.ts';
import { openIdentity, releaseIdentity } from '../../../commands/identity.ts';
import { addLogin, appointFirstAdministrator, claimLocal } from '../../../commands/login.ts';
import { changeProfile, changeRoles, registerPerson } from '../../../commands/person.ts';
import { annals as annalsItself } from '../../../commands/settle-active-run.ts';
import { PersonId } from '../../../domain/ids.ts';
import type { KnownPersons } from '../identity/admission.ts';
import type { Visited } from '../identity/open-session.ts';
import { noteOf } from '../note.ts';
import { HttpError } from '../problem.ts';
import type { ProvenIdentity } from './claims.ts';
import { LoginFailed } from './login-failed.ts';

export interface EnterOptions {
  /** Names of identities are made with it: 32 bytes. */
  readonly secret: Uint8Array;
  readonly known: Pick<KnownPersons, 'ofIdentity' | 'standingOf'>;
  /** Whether an identity that nobody knows makes a new person. */
  readonly open: boolean;
  /** Who becomes the first administrator; default: whoever logs in first. Only a verified address counts. */
  readonly administrator?: { readonly email: string; readonly issuer: string } | undefined;
}

export interface Enter {
  /** The person behind an identity, made at its first login, where `invitation` may let it in; whatever a login that died has left undone is completed. Throws `LoginFailed`. */
  login(visit: Visited, method: string, proven: ProvenIdentity, invitation?: string): Promise<PersonId>;
  /** From now on the person may log in this way too. Throws `LoginFailed`. */
  link(visit: Visited, method: string, proven: ProvenIdentity, person: PersonId): Promise<void>;
}

/** An identity that its person had removed is released and made anew once. */
const ATTEMPTS = 3;

export function createEnter({ secret, known, open, administrator }: EnterOptions): Enter {
  const nameOf = ({ issuer, subject }: ProvenIdentity): string =>
    createHmac('sha256', secret)
      .update(JSON.stringify(['oidc', issuer, subject]))
      .digest('hex');
  const accountOf = ({ claims: { email, name } }: ProvenIdentity): string => email ?? name ?? '';

  const isNamed = ({ issuer, claims }: ProvenIdentity): boolean =>
    administrator !== undefined &&
    claims.email_verified === true &&
    issuer === administrator.issuer &&
    claims.email?.toLowerCase() === administrator.email.toLowerCase();
  const mayBeFirst = (proven: ProvenIdentity): boolean => administrator === undefined || isNamed(proven);

  const told = async <Result>(visit: Visited, person: PersonId, command: CommandValue<Result>): Promise<Told<Result>> => {
    const answer = await visit.annals.tell(annalsItself(person), command, { correlationId: visit.requestId });
    if (!answer.ok && ['StoreUnavailable', 'OutcomeUnknown', 'Conflict'].includes(answer.error.code))
      throw new HttpError(answer.error.code, answer.error.message);
    return answer;
  };

  /** Whether this person is the first administrator, now or already. What the local person had is then the first one's. */
  const becomesFirst = async (visit: Visited, person: PersonId): Promise<boolean> => {
    const appointed = await told(visit, person, appointFirstAdministrator({ person }));
    if (appointed.ok) await told(visit, person, claimLocal({ by: person }));
    return appointed.ok;
  };

  const register = async (visit: Visited, person: PersonId, proven: ProvenIdentity): Promise<void> => {
    const { name, email, picture } = proven.claims;
    const isFirst = mayBeFirst(proven) && (await becomesFirst(visit, person));
    const roles = isFirst ? (['administrator', 'member'] as const) : (['member'] as const);
    await told(visit, person, registerPerson({ person, via: 'registration', roles: [...roles], profile: { name, email, picture } }));
    visit.kernel.identity.forget(person);
  };

  /** Who the configuration names becomes an administrator, though somebody known already. */
  const promote = async (visit: Visited, person: PersonId, proven: ProvenIdentity): Promise<void> => {
    const { roles = [] } = await known.standingOf(person);
    if (!isNamed(proven) || roles.includes('administrator') || !(await becomesFirst(visit, person))) return;
    await told(visit, person, changeRoles({ person, roles: ['administrator', ...roles] }));
    visit.kernel.identity.forget(person);
  };

  /** Of all who come with the same invitation one is let in; whoever is known already has its roles from now on, if it is still good. */
  const invited = async (
    visit: Visited,
    person: PersonId,
    proven: ProvenIdentity,
    { identity, invitation, isNew }: { identity: string; invitation: string; isNew: boolean },
  ): Promise<boolean> => {
    const redeemed = await visit.annals.accounts.redeemFor(invitation, person);
    if (!redeemed.ok && isNew && !open && !isNamed(proven)) {
      await told(visit, person, releaseIdentity({ identity, person }));
      throw new LoginFailed('InvitationOver');
    }
    if (!redeemed.ok) return false;
    visit.annals.security.record({ kind: 'invitation-redeemed', actor: person, ...noteOf(visit) });
    const { name, email, picture } = proven.claims;
    if (isNew) await told(visit, person, changeProfile({ person, profile: { name, email, picture } }));
    visit.kernel.identity.forget(person);
    return true;
  };

  /** The person that the identity is, or is from now on. */
  const owner = async (visit: Visited, identity: string, proven: ProvenIdentity, isInvited: boolean): Promise<PersonId> => {
    const before = await known.ofIdentity(identity);
    if (before !== undefined) return before;
    if (!open && !isNamed(proven) && !isInvited) throw new LoginFailed('NoAccount');
    const person = PersonId.parse(`person_${randomUUID().replaceAll('-', '')}`);
    const opened = await told(visit, person, openIdentity({ identity, person }));
    const now = opened.ok ? person : await known.ofIdentity(identity);
    if (now === undefined) throw new LoginFailed('ProviderRefused');
    return now;
  };

  return {
    async login(visit, method, proven, invitation) {
      const identity = nameOf(proven);
      for (let tries = 0; tries < ATTEMPTS; tries++) {
        const person = await owner(visit, identity, proven, invitation !== undefined);
        const { roles, disabled, erased } = await known.standingOf(person);
        if (erased) {
          // Whoever was erased does not come back: the next one with that identity is somebody new.
          await told(visit, person, releaseIdentity({ identity, person }));
          continue;
        }
        if (disabled) throw new LoginFailed('Disabled');
        const isIn = invitation !== undefined && (await invited(visit, person, proven, { identity, invitation, isNew: roles === undefined }));
        if (roles === undefined && !isIn) await register(visit, person, proven);
        else if (roles !== undefined) await promote(visit, person, proven);
        const added = await told(visit, person, addLogin({ person, identity, method, account: accountOf(proven), again: false }));
        if (added.ok) return person;
        if (added.error.code !== 'LoginRemoved') throw new HttpError(added.error.code, added.error.message);
        await told(visit, person, releaseIdentity({ identity, person }));
      }
      throw new LoginFailed('ProviderRefused');
    },
    async link(visit, method, proven, person) {
      const identity = nameOf(proven);
      const opened = await told(visit, person, openIdentity({ identity, person }));
      if (!opened.ok) throw new LoginFailed('IdentityTaken');
      const added = await told(visit, person, addLogin({ person, identity, method, account: accountOf(proven), again: true }));
      if (!added.ok) throw new HttpError(added.error.code, added.error.message);
    },
  };
}
