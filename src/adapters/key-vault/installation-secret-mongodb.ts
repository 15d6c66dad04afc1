import { type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import type { MongoConnection } from '../mongo/connection.ts';
import { decrypt, encrypt } from './aes-gcm.ts';
import { masterOf, openCheckedRows } from './mongodb.ts';

export interface InstallationSecretPlace {
  readonly connection: MongoConnection;
  /** The vault's, 32 bytes: it wraps the secret. */
  readonly masterKey: Uint8Array;
}

const NAME = 'installation';
const BYTES = 32;

/**
 * The secret of the installation, 32 bytes, made by whichever process comes first and then the same for all. Throws `WrongMasterKey`, and
 * `StoreUnavailable` when the server is away.
 */
export const installationSecret = (place: InstallationSecretPlace): Promise<Buffer> => secretUnless(place, randomBytes(BYTES));

/** Makes `secret` the installation's, as when it moves here; false when it has another already, which stays. */
export async function putInstallationSecret(place: InstallationSecretPlace, secret: Uint8Array): Promise<boolean> {
  if (secret.length !== BYTES) throw new TypeError(`The secret of an installation has exactly ${BYTES} bytes.`);
  return timingSafeEqual(await secretUnless(place, secret), secret);
}

function secretUnless({ connection, masterKey }: InstallationSecretPlace, secret: Uint8Array): Promise<Buffer> {
  const master = masterOf(masterKey);
  return connection.reach(async () => {
    const rows = await openCheckedRows(connection, master);
    return opened(master, await rows.putUnlessThere(NAME, encrypt(master, NAME, secret)));
  });
}

function opened(master: KeyObject, wrapped: Uint8Array): Buffer {
  const secret = decrypt(master, NAME, wrapped);
  if (secret?.length === BYTES) return secret;
  throw new Error('The secret of the installation is damaged in the database: put its collection `vault` back from a backup.');
}
