import { type Metadata, status } from '@grpc/grpc-js';
import { Refusal } from './refusal.ts';

/** A `user` may do everything but read `$all`. */
export type Role = 'admin' | 'user';

export interface Access {
  /** What a call without a login is; `refused` means that it is turned away. */
  readonly anonymous: Role | 'refused';
  /** By `name:password`. */
  readonly logins: ReadonlyMap<string, Role>;
}

function roleOf(access: Access, metadata: Metadata): Role | 'refused' {
  const given = metadata.get('authorization')[0]?.toString();
  if (given === undefined) return access.anonymous;
  const login = Buffer.from(given.replace(/^Basic /i, ''), 'base64').toString();
  return access.logins.get(login) ?? 'refused';
}

/** Why this call is not allowed, if it isn't. */
export function denied(access: Access, metadata: Metadata, reads: 'all' | 'stream'): Refusal | undefined {
  const role = roleOf(access, metadata);
  if (role === 'refused') return new Refusal(status.UNAUTHENTICATED, 'Unauthenticated');
  if (reads === 'all' && role !== 'admin') return new Refusal(status.PERMISSION_DENIED, 'Access to $all is denied.', { exception: 'access-denied' });
  return undefined;
}
