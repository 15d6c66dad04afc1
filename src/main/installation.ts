import { hkdfSync } from 'node:crypto';
import { createTokens, type Tokens } from '../api/http/identity/tokens.ts';
import { isLoopback, type Settings } from '../settings.ts';
import type { Kernel } from './kernel-parts.ts';

export type Log = (message: string) => void;

export interface Installation {
  readonly kernel: Kernel;
  /** The installation's secret, made on first start. */
  readonly secret: Buffer;
  close(drainMs: number): Promise<void>;
}

/** A secret for one purpose, made from the installation's own. */
export const derivedSecret = (secret: Buffer, purpose: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));

/** The tokens of this installation: signed with the secret that is set, else with one of its own. */
export function installationTokens({ ANNALS_JWT_SECRET: set, JWT_ALGORITHM: algorithm }: Settings, secret: Buffer): Tokens {
  return createTokens({
    secret: set === undefined ? derivedSecret(secret, 'annals tokens') : Buffer.from(set),
    algorithm,
    issuer: derivedSecret(secret, 'annals installation').toString('hex').slice(0, 32),
  });
}

/**
 * Only somebody at this machine can reach the server: it listens on a loopback address, and no other name leads to it. With another name there is a proxy
 * in front, behind which everybody would look local.
 */
export function isForLocalPerson({
  ANNALS_HOST: host,
  ANNALS_PUBLIC_URL: publicUrl,
  ANNALS_HOSTS: hosts,
  ANNALS_TRUSTED_PROXIES: proxies,
}: Settings): boolean {
  if (proxies.length > 0) return false;
  const names = [...hosts, ...(publicUrl === undefined ? [] : [new URL(publicUrl).hostname])];
  return isLoopback(host) && names.every((name) => isLoopback(name.replace(/:\d+$/, '')));
}

/** Whether anybody may make an account: only at this machine, unless a setting says so. */
export const isRegistrationOpen = (settings: Settings): boolean =>
  settings.ANNALS_REGISTRATION === undefined ? isForLocalPerson(settings) : settings.ANNALS_REGISTRATION === 'open';
