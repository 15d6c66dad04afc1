import { z } from 'zod';
import { event, sealed } from './event.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster. Kinds may be added.

/** What those who watch over an installation have to know of. */
export const SecurityKind = z.enum([
  'login-succeeded',
  'login-failed',
  'logged-out',
  'new-device',
  'account-linked',
  'account-locked',
  'invitation-redeemed',
  'password-reset-requested',
  'password-reset',
  'password-changed',
  'session-revoked',
  'token-refused',
  'token-reused',
  'access-denied',
  'address-blocked',
  'rate-limited',
  'tool-blocked',
  'data-exported',
  'others',
]);
export type SecurityKind = z.infer<typeof SecurityKind>;

/**
 * Something of this kind happened at a door, or so many times the same within one minute; `others` is what came too often to be told one by one.
 * `target` is an id, `network` a pseudonym of the network it came from: the same for one day, and nothing that leads back to it. The sealed part is for
 * administrators: the network itself, and what it was about where that may be somebody's words (the host that was not called, say).
 */
export const SecurityNoted = event('SecurityNoted', 1, {
  kind: SecurityKind,
  door: z.string(),
  reason: z.string(),
  target: z.string(),
  network: z.string(),
  count: z.number().int(),
  ...sealed({ range: z.string(), about: z.string() }),
});
export const securityEvents = [SecurityNoted] as const;
