import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event, sealed } from './event.ts';
import { IsoTime, PersonId } from './ids.ts';
import { Role } from './principal.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

export const InvitationId = z
  .string()
  .max(128)
  .regex(/^invitation_[0-9a-f]{32}$/, 'must be the id of an invitation');
/** Who wanted it: an administrator, or whoever registers by the address that it is mailed to. */
export const InvitationOrigin = z.enum(['administrator', 'registration']);

const of = { invitationId: InvitationId };
/** `email`: where it is mailed to; empty: it is handed over in another way, which `addressed` says in the clear. */
export const InvitationIssued = event('InvitationIssued', 1, {
  ...of,
  origin: InvitationOrigin,
  roles: z.array(Role),
  expiresAt: IsoTime,
  addressed: z.boolean(),
  ...sealed({ email: z.string(), name: z.string() }),
});
export const InvitationRedeemed = event('InvitationRedeemed', 1, { ...of, person: PersonId, roles: z.array(Role) });
/** With the redemption, where the person sets a password: all that is needed to make the account, whoever dies on the way. */
export const AccountPromised = event('AccountPromised', 1, {
  ...of,
  person: PersonId,
  /** The name of the identity that stands for the e-mail address. */
  identity: z.string(),
  origin: InvitationOrigin,
  roles: z.array(Role),
  ...sealed({ email: z.string(), name: z.string(), hash: z.string() }, { hidden: ['hash'] }),
});
export const InvitationRevoked = event('InvitationRevoked', 1, of);
export const InvitationExpired = event('InvitationExpired', 1, of);

export const invitationEvents = [InvitationIssued, InvitationRedeemed, AccountPromised, InvitationRevoked, InvitationExpired] as const;
type InvitationEvent = EventOf<(typeof invitationEvents)[number]>;

/** Where an event stands in its stream. */
export interface EventPlace {
  readonly eventId: string;
  readonly revision: bigint;
}

export interface Invitation {
  status: 'none' | 'open' | 'redeemed' | 'revoked' | 'expired';
  origin: z.infer<typeof InvitationOrigin>;
  roles: readonly Role[];
  expiresAt: string;
  issued?: EventPlace;
  person?: PersonId;
  /** Of an account with a password that was promised. */
  promised?: EventPlace;
}

type Account = { identity: string; email: string; name: string; hash: string };
export type InvitationCommand =
  | {
      name: 'issueInvitation';
      invitationId: string;
      origin: z.infer<typeof InvitationOrigin>;
      roles: Role[];
      validMs: number;
      email: string;
      fullName: string;
    }
  | { name: 'redeemInvitation'; invitationId: string; person: PersonId; account?: Account }
  | { name: 'revokeInvitation'; invitationId: string }
  | { name: 'expireInvitation'; invitationId: string };

export const invitationStream = (invitationId: string): string => `invitation-${invitationId}`;
/** Who somebody becomes that redeems it with a password: known beforehand, so that whoever finds half an account finds the other half. */
export const personInvited = (invitationId: string): PersonId => PersonId.parse(invitationId.replace(/^invitation_/, 'person_'));
export const invitationOf = (person: string): string => person.replace(/^person_/, 'invitation_');

/** The one answer to whatever is wrong with a link, so that nobody learns which. */
export const linkInvalid = refuse('LinkInvalid', 'This link is not valid, or no longer: ask for a new one.');

export const invitations: Decider<Invitation, InvitationCommand, InvitationEvent> = {
  initialState: () => ({ status: 'none', origin: 'administrator', roles: [], expiresAt: '' }),
  evolve: (state, event) => {
    const place = { eventId: event.id, revision: event.revision };
    switch (event.type) {
      case 'InvitationIssued': {
        const { origin, roles, expiresAt } = event.data;
        return Object.assign(state, { status: 'open', origin, roles, expiresAt, issued: place });
      }
      case 'InvitationRedeemed':
        return Object.assign(state, { status: 'redeemed', person: event.data.person });
      case 'AccountPromised':
        return Object.assign(state, { promised: place });
      case 'InvitationRevoked':
        return Object.assign(state, { status: 'revoked' });
      case 'InvitationExpired':
        return Object.assign(state, { status: 'expired' });
      default:
        event satisfies never;
        return state;
    }
  },
  decide: (command, state, { now }) => {
    const { invitationId } = command;
    if (command.name === 'issueInvitation') {
      if (state.status !== 'none') return refuse('Conflict', 'There is such an invitation already.');
      const { origin, roles, validMs, email, fullName } = command;
      const expiresAt = new Date(Date.parse(now) + validMs).toISOString();
      return [InvitationIssued({ invitationId, origin, roles, expiresAt, addressed: email !== '', email, name: fullName })];
    }
    switch (command.name) {
      case 'redeemInvitation':
        return redeem(command, state, now);
      case 'revokeInvitation':
        if (state.status === 'none') return refuse('NotFound', 'There is no such invitation.');
        return state.status === 'open' ? [InvitationRevoked({ invitationId })] : [];
      case 'expireInvitation':
        return state.status === 'open' && now >= state.expiresAt ? [InvitationExpired({ invitationId })] : [];
      default:
        return command satisfies never;
    }
  },
};

type Redeem = Extract<InvitationCommand, { name: 'redeemInvitation' }>;

/** Once, by one person. Whoever was known already may say so again: a provider sends its users back more than once. */
function redeem({ invitationId, person, account }: Redeem, state: Invitation, now: string) {
  if (state.status === 'redeemed' && !account && state.person === person) return [];
  if (state.status !== 'open' || now >= state.expiresAt) return linkInvalid;
  const roles = [...state.roles];
  const redeemed = InvitationRedeemed({ invitationId, person, roles });
  return account ? [redeemed, AccountPromised({ invitationId, person, origin: state.origin, roles, ...account })] : [redeemed];
}
