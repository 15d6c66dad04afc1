import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { v5 } from 'uuid';
import { PersonId } from '../../../domain/ids.ts';

export interface TrustedProxies {
  /** Addresses, or networks as `10.0.0.0/8`; `unix` is whoever comes by a Unix socket. */
  readonly addresses: readonly string[];
  /** What the proxy sends as `X-Annals-Proxy-Secret`. */
  readonly secret: string;
}

/** Made from what the proxy calls its user, which therefore is in no stream's name. */
const NAMESPACE = '3f2c1a52-8f1e-4f3e-9a51-5f6f6d0c2b7d';
const USER = /^[\w.@+-]{1,128}$/;

/** The person behind a name of the proxy's; after an erasure whoever comes under it is somebody new: `life` counts from 0. No name has a space in it. */
export const proxyPerson = (user: string, life = 0): PersonId =>
  PersonId.parse(`person_${v5(life === 0 ? user : `${user} ${life}`, NAMESPACE).replaceAll('-', '')}`);

/** The one name in `X-User-ID`; undefined where there is none, several, or what could be several. */
export function userNamed(req: IncomingMessage): string | undefined {
  const all = req.headersDistinct['x-user-id'] ?? [];
  const [only] = all;
  return all.length === 1 && only !== undefined && USER.test(only) ? only : undefined;
}

/** Whom the proxy itself has seen: the last address, because clients may have written the ones before it. */
export function forwardedFor(req: IncomingMessage): string | undefined {
  const last = req.headersDistinct['x-forwarded-for']?.join(',').split(',').at(-1)?.trim();
  return last !== undefined && isIP(last) !== 0 ? last : undefined;
}

/** Whether the request comes from a proxy that may say who its user is: by its address, and by the secret that only it knows. */
export function createProxyCheck({ addresses, secret }: TrustedProxies): (req: IncomingMessage) => boolean {
  const trusted = new BlockList();
  for (const address of addresses) {
    const [host = '', bits] = address.split('/');
    const family = isIP(host) === 6 ? 'ipv6' : 'ipv4';
    if (isIP(host) === 0) continue;
    if (bits === undefined) trusted.addAddress(host, family);
    else trusted.addSubnet(host, Number(bits), family);
  }
  const expected = digest(secret);
  return (req) => {
    const given = req.headersDistinct['x-annals-proxy-secret'];
    if (given?.length !== 1 || !timingSafeEqual(digest(given[0] ?? ''), expected)) return false;
    const { remoteAddress } = req.socket;
    if (remoteAddress === undefined) return addresses.includes('unix');
    const plain = remoteAddress.replace(/^::ffff:(?=\d+\.)/, '');
    return isIP(plain) !== 0 && trusted.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Why these would let strangers in; undefined when they would not. */
export function whyNotTrusted({
  addresses,
  secret,
}: {
  readonly addresses: readonly string[];
  readonly secret?: string | undefined;
}): string | undefined {
  if (addresses.length === 0) return undefined;
  if (secret === undefined) return 'ANNALS_TRUSTED_PROXIES needs ANNALS_PROXY_SECRET: whoever can reach that address could name any user otherwise.';
  for (const address of addresses.filter((each) => each !== 'unix')) {
    const [host = '', bits, ...rest] = address.split('/');
    const most = isIP(host) === 6 ? 128 : 32;
    if (isIP(host) === 0 || rest.length > 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most)))
      return `${address} in ANNALS_TRUSTED_PROXIES is no address, no network and not "unix".`;
    if (/^(0\.0\.0\.0|::)$/.test(host) || (bits !== undefined && Number(bits) < (most === 32 ? 8 : 16)))
      return `${address} in ANNALS_TRUSTED_PROXIES would trust the world: name the proxy’s own address.`;
  }
  return undefined;
}
