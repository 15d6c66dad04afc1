import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parsePublicKey, publicKeyText } from '../adapters/event-store/heads.ts';
import { readHeads } from '../adapters/event-store/heads-file.ts';
import { headState } from '../adapters/event-store/heads-state.ts';
import { unsigned } from '../adapters/event-store/verify-heads.ts';
import type { SignedHead } from '../adapters/evidence/port.ts';
import { loadSecret } from '../adapters/key-vault/master-key.ts';
import type { Settings } from '../settings.ts';
import { isDistributed } from '../settings.ts';
import { headKeyOf, headsFileOf, installationName } from './heads.ts';
import { StartRefused } from './refused.ts';

export interface HeadOptions {
  /** A file of heads; default: the one that the settings name. */
  readonly heads?: string;
  /** Base64 of the public key that they must be signed with; default: the installation's own. */
  readonly key?: string;
}

export interface ExpectedHeads {
  readonly heads: readonly SignedHead[];
  /** What is wrong with the heads themselves. */
  readonly problems: readonly string[];
  /** Of the key that they were compared with; without it signatures were not checked. */
  readonly publicKey?: string;
}

/** The heads that the log must be consistent with. Throws `StartRefused` when they cannot be read. */
export async function expectedHeads(settings: Settings, options: HeadOptions): Promise<ExpectedHeads> {
  const { heads, problems } = await exportedHeads(settings, options);
  const signer = await signerOf(settings, options);
  if (!signer) return { heads, problems };
  return { heads, problems: [...problems, ...unsigned(heads, signer)], publicKey: publicKeyText(signer.publicKey) };
}

async function exportedHeads(settings: Settings, options: HeadOptions): Promise<Pick<ExpectedHeads, 'heads' | 'problems'>> {
  const file = options.heads ?? headsFileOf(settings);
  if (file === undefined) return { heads: await headsInDatabase(settings), problems: [] };
  const isNamed = options.heads !== undefined || settings.ANNALS_HEADS_FILE !== undefined;
  if (isNamed && !existsSync(file)) throw new StartRefused(`${file} does not exist: name the file that the heads of the log were exported to.`);
  return readHeads(file);
}

async function headsInDatabase({ MONGODB_URL: url }: Settings): Promise<readonly SignedHead[]> {
  if (url === undefined) return [];
  const connection = await (await import('../adapters/mongo/connection.ts')).openMongo(url);
  try {
    const { openMongoDocumentStore } = await import('../adapters/document-store/mongodb.ts');
    return await headState(await openMongoDocumentStore({ connection, prefix: 'state.' })).after(0);
  } finally {
    await connection.close();
  }
}

async function signerOf(settings: Settings, { key }: HeadOptions): Promise<{ publicKey: KeyObject; installation?: string } | undefined> {
  if (key !== undefined) {
    const publicKey = parsePublicKey(key);
    if (publicKey) return { publicKey };
    throw new StartRefused('The key is not the base64 of the 32 bytes of a public key: take it from /api/audit/heads.');
  }
  const secret = await secretOf(settings);
  return secret && { publicKey: headKeyOf(secret).publicKey, installation: installationName(secret) };
}

/** Nothing is made where there is no secret yet. */
async function secretOf(settings: Settings): Promise<Buffer | undefined> {
  if (isDistributed(settings)) return settings.MONGODB_URL === undefined ? undefined : (await import('./distributed.ts')).sharedSecret(settings);
  const file = join(settings.ANNALS_DATA, 'installation.secret');
  if (!existsSync(file)) return undefined;
  const secret = loadSecret(file);
  if (secret.ok) return secret.key;
  throw new StartRefused(secret.message);
}
