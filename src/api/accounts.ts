import type { DomainError } from '../domain/decider.ts';
import type { PersonId, SessionId } from '../domain/ids.ts';
import type { Principal, Role } from '../domain/principal.ts';

type Outcome<Fields = unknown> = Promise<({ readonly ok: true } & Fields) | { readonly ok: false; readonly error: DomainError }>;
type Text = string | undefined;

/**
 * Accounts with a password, and the links by which people come to them. `from` is the network of the client, `secret` what a link carries. Too many attempts
 * are refused with `RateLimited`, a link that is used, over, forged or somebody else's with `LinkInvalid`.
 */
export interface Accounts {
  /** Mails leave by themselves; otherwise whoever administers hands links over. */
  readonly sendsMails: boolean;
  /** Who it is, when the password is right; otherwise `LoginRefused`, whatever the reason. */
  login(given: { email: string; password: string; from: string }): Outcome<{ person: PersonId }>;
  /** Succeeds whether the address is somebody's or not. */
  askReset(given: { email: string; from: string }): Outcome;
  /** The secret of a reset for somebody, to be handed over. */
  openReset(principal: Principal, person: PersonId): Outcome<{ secret: string; validMs: number }>;
  /** Ends every session and token of the person. */
  reset(given: { secret: unknown; password: string; from: string }): Outcome<{ person: PersonId }>;
  /** Ends every session of the person but the one that is kept. */
  change(principal: Principal, given: { old: string; next: string; keeps?: SessionId | undefined }): Outcome;

  invite(
    principal: Principal,
    given: { roles: readonly Role[]; email?: Text; name?: Text; days: number },
  ): Outcome<{ invitationId: string; secret: string }>;
  /** The secret of an invitation, for whoever may hand it over: the door has asked. */
  linkOf(invitationId: string): string;
  /** Succeeds whether the address is somebody's or not. */
  register(given: { email: string; from: string }): Outcome;
  /** What the page of an invitation shows. */
  look(given: {
    secret: unknown;
    from: string;
  }): Outcome<{ roles: readonly Role[]; expiresAt: string; origin: string; email?: string; name?: string }>;
  /** A new person with a password. */
  redeem(given: { secret?: unknown; email?: Text; name?: Text; password: string; from: string }): Outcome<{ person: PersonId }>;
  /** For a person who has proved in another way who it is; registers it where nobody has. */
  redeemFor(secret: unknown, person: PersonId): Outcome<{ roles: readonly Role[] }>;
}
