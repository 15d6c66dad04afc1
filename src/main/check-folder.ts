import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { takeOwnerLock } from '../adapters/event-store/owner-lock.ts';
import { loadSecret } from '../adapters/key-vault/master-key.ts';
import type { Settings } from '../settings.ts';
import { type Finding, fine, problem, warning } from './finding.ts';
import { StartRefused, sentenceOf } from './refused.ts';
import { requireWhole } from './whole.ts';

const GIBIBYTE = 1024 ** 3;
const LITTLE = GIBIBYTE;
const TOO_LITTLE = GIBIBYTE / 16;

/** Looks at the data folder of the embedded shape and changes nothing in it, also beside a running server. */
export function checkFolder({ ANNALS_DATA, RINI_API_MASTER_KEY: masterKey }: Settings): readonly Finding[] {
  const folder = resolve(ANNALS_DATA);
  const there = existingFrom(folder);
  const findings = [writable(folder, there), space(there)];
  if (there !== folder) return findings;
  return [...findings, lock(folder), whole(folder, { masterKeySet: (masterKey ?? '').trim() !== '' }), ...secrets(folder)].filter(
    (finding) => finding !== undefined,
  );
}

/** The folder, or the nearest one above it that is there. */
const existingFrom = (folder: string): string => (existsSync(folder) || dirname(folder) === folder ? folder : existingFrom(dirname(folder)));

function writable(folder: string, there: string): Finding {
  try {
    accessSync(there, constants.R_OK | constants.W_OK | constants.X_OK);
    return fine(there === folder ? `The data folder ${folder} can be written.` : `The data folder ${folder} will be made by the first start.`);
  } catch (error) {
    return problem(`The data folder ${folder} cannot be used by this user (${sentenceOf(error)}): change its owner or rights, or name another one.`);
  }
}

function space(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const left = `${(free / GIBIBYTE).toFixed(1)} GiB are free for the data folder`;
  if (free < TOO_LITTLE) return problem(`${left}, which will not do for long: free some space.`);
  return free < LITTLE ? warning(`${left}: free some space before it is full, for then nothing can be written.`) : fine(`${left}.`);
}

function lock(folder: string): Finding | undefined {
  if (!existsSync(join(folder, 'lock.db'))) return undefined;
  const taken = takeOwnerLock(folder);
  if (taken.ok) {
    taken.release();
    return fine('No server runs on the data folder.');
  }
  return taken.code === 'Locked' ? fine('A server runs on the data folder.') : problem(taken.message);
}

function whole(folder: string, options: { readonly masterKeySet: boolean }): Finding | undefined {
  try {
    requireWhole(folder, options);
    return undefined;
  } catch (error) {
    if (error instanceof StartRefused) return problem(error.message);
    throw error;
  }
}

const secrets = (folder: string): readonly Finding[] =>
  ['master.key', 'installation.secret']
    .map((name) => join(folder, name))
    .filter((file) => existsSync(file))
    .map((file) => loadSecret(file))
    .flatMap((secret) => (secret.ok ? [] : [problem(secret.message)]));
