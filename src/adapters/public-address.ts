import { lookup as resolveHere } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An address that may not be connected to from here. */
export class BlockedAddress extends Error {
  override readonly name = 'BlockedAddress';
  readonly code = 'Blocked';
}

/** The block behind an error, however deep: whoever connects wraps what a lookup throws. */
export function blockOf(error: unknown): BlockedAddress | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof BlockedAddress) return at;
    const inner: unknown = at instanceof AggregateError ? at.errors.map(blockOf).find((found) => found !== undefined) : undefined;
    if (inner instanceof BlockedAddress) return inner;
  }
  return undefined;
}

/** Given out to the world by IANA; everything else of IPv6 is not, or leads elsewhere. */
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');

/** Whether the address is one that everybody can reach: no private network, not this machine, no place where clouds keep secrets, none that carries another inside. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false;
  const parsed = ipaddr.parse(address);
  return parsed.range() === 'unicast' && (parsed.kind() === 'ipv4' || global6.check(parsed.toString(), 'ipv6'));
}

/** Networks that may be reached although they are private: `10.0.0.0/8`, a single address, or `*` for all. */
export function allowing(allowed: readonly string[]): (address: string) => boolean {
  if (allowed.includes('*')) return () => true;
  const open = new BlockList();
  for (const entry of allowed) {
    const [net = '', prefix] = entry.split('/');
    const family = isIP(net) === 6 ? 'ipv6' : 'ipv4';
    open.addSubnet(net, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
  }
  return (address) => {
    if (isPublicAddress(address)) return true;
    const parsed = ipaddr.process(address);
    return open.check(parsed.toString(), parsed.kind());
  };
}

export type Resolve = (
  hostname: string,
  options: { readonly all: true; readonly family?: number | 'IPv4' | 'IPv6' | undefined },
  callback: (error: NodeJS.ErrnoException | null, addresses: { address: string; family: number }[]) => void,
) => void;

/** Throws for a host that is written as an address which may not be reached: for such a one no name is looked up. */
export function requireHost(hostname: string, isAllowed: (address: string) => boolean): void {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const address = bare === 'localhost' || bare.endsWith('.localhost') ? '127.0.0.1' : bare;
  if (isIP(address) !== 0 && !isAllowed(address)) throw new BlockedAddress('The address leads into a private network.');
}

/** Looks a name up for the very connection that is made, so that it cannot mean something else a moment later. One closed address closes the name. */
export const guardedLookup =
  (isAllowed: (address: string) => boolean, resolve: Resolve = resolveHere as Resolve): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { all: true, family: options.family }, (error, addresses) => {
      if (error) return callback(error, '');
      if (addresses.length === 0 || !addresses.every(({ address }) => isAllowed(address)))
        return callback(new BlockedAddress('The address leads into a private network.'), '');
      const [first] = addresses;
      if (options.all) callback(null, addresses);
      else callback(null, first?.address ?? '', first?.family);
    });
  };
