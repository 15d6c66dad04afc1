import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from 'undici';
import { loadSecret } from '../adapters/key-vault/master-key.ts';
import { LOCAL } from '../api/http/identity/identify.ts';
import type { PersonId } from '../domain/ids.ts';
import { isDistributed, type Settings } from '../settings.ts';
import { fail } from './fail.ts';
import { installationTokens } from './installation.ts';

const fileIn = (folder: string): string => join(folder, 'address');

/** Tells the other commands where the server of this folder listens. */
export const writeAddress = (folder: string, address: string): void => writeFileSync(fileIn(folder), `${address}\n`);
export const removeAddress = (folder: string): void => rmSync(fileIn(folder), { force: true });

/** Whoever can read the installation's secret runs it: its commands come with a token of their own, as a person where they are about its own. */
async function operatorToken(settings: Settings, seconds: number, as: PersonId | undefined): Promise<string> {
  const principal = as === undefined ? LOCAL : ({ id: as, kind: 'person', roles: ['member'] } as const);
  return (await installationTokens(settings, await secretOf(settings)).access(principal, { seconds })).token;
}

async function secretOf(settings: Settings): Promise<Buffer> {
  if (isDistributed(settings)) return (await import('./distributed.ts')).sharedSecret(settings);
  const secret = loadSecret(join(settings.ANNALS_DATA, 'installation.secret'));
  return secret.ok ? secret.key : fail(secret.message);
}

/**
 * Over TLS the server has to show the certificate of the settings; its name is another than that of this machine, and whoever signed it need not be known
 * here.
 */
async function trusting({ ANNALS_TLS_CERT: certFile }: Settings, address: string): Promise<{ readonly dispatcher?: Agent }> {
  if (!address.startsWith('https:')) return {};
  if (certFile === undefined) return fail(`The server at ${address} speaks TLS: give this command the ANNALS_TLS_CERT that the server has.`);
  const ca = readFileSync(certFile);
  const { Agent } = await import('undici');
  return { dispatcher: new Agent({ connect: { ca, allowPartialTrustChain: true, checkServerIdentity: () => undefined } }) };
}

export interface RunningServer {
  readonly address: string;
  /** Good for a minute, or as long as is said. */
  readonly token: (seconds?: number, as?: PersonId) => Promise<string>;
}

/** The running server of this folder, for the one who runs it; ends the process where there is none. */
export async function runningServer(settings: Settings): Promise<RunningServer> {
  const folder = settings.ANNALS_DATA;
  try {
    return { address: readFileSync(fileIn(folder), 'utf8').trim(), token: (seconds = 60, as = undefined) => operatorToken(settings, seconds, as) };
  } catch {
    return fail(`No server runs on ${folder}: start one with \`npm start\`, or name its folder with --data.`);
  }
}

/** Calls the running server of this folder, as the one who runs it. */
export async function callServer(settings: Settings, path: string, init: RequestInit = {}, as?: PersonId): Promise<Response> {
  const folder = settings.ANNALS_DATA;
  const { address, token } = await runningServer(settings);
  const headers = { ...init.headers, authorization: `Bearer ${await token(60, as)}` };
  const response = await fetch(address + path, { ...init, headers, ...(await trusting(settings, address)) }).catch(() =>
    fail(`The server of ${folder} does not answer at ${address}: is it still running?`),
  );
  if (response.ok) return response;
  if (response.status === 401)
    return fail(`The server of ${folder} signs its tokens with another secret: give this command the ANNALS_JWT_SECRET that the server has.`);
  const problem: unknown = await response.json().catch(() => ({}));
  return fail(
    typeof problem === 'object' && problem !== null && 'detail' in problem ? String(problem.detail) : `The server answered ${response.status}.`,
  );
}
