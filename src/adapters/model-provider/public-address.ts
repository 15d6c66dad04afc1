import type { LookupFunction } from 'node:net';
import { BlockedAddress, guardedLookup, isPublicAddress, requireHost } from '../public-address.ts';
import { ModelError } from './port.ts';

const notPublic = (): ModelError =>
  new ModelError('BadRequest', 'The address given with this key leads into a private network: only an administrator can allow that.');

/** Throws for a host that is written as an address which is not public. */
export function requirePublicHost(hostname: string): void {
  try {
    requireHost(hostname, isPublicAddress);
  } catch (error) {
    throw error instanceof BlockedAddress ? notPublic() : error;
  }
}

const lookup = guardedLookup(isPublicAddress);
/** Looks a name up for the very connection that is made. */
export const publicLookup: LookupFunction = (hostname, options, callback) =>
  lookup(hostname, options, (error, address, family) =>
    error instanceof BlockedAddress ? callback(notPublic(), '') : callback(error, address, family),
  );
