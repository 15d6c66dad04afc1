import { createSecretKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { MongoConnection } from '../mongo/connection.ts';
import { decrypt, encrypt } from './aes-gcm.ts';
import { REWRAPPING } from './mongodb.ts';
import { type Rewrapped, rewrapKey } from './rewrap.ts';
import { WrongMasterKey } from './sqlite.ts';
import { makeCheck, passesCheck } from './wrapping.ts';

const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const Key = z.object({ _id: z.string(), keyId: z.string(), subject: z.string(), scope: z.string(), wrapped: Bytes });
const Value = z.object({ value: Bytes });

const AS_BYTES = { promoteBuffers: true };
const SECRET = 'installation';

export interface MongoRewrapOptions {
  readonly connection: MongoConnection;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  /** Called before each write. */
  readonly onWrite?: () => void;
}

interface VaultRow {
  readonly _id: string;
  readonly value: Uint8Array;
}

/**
 * Wraps every data key in the database, and the secret of the installation, by another master key. No process may run meanwhile, and none starts while
 * a change is half done; repeated after whatever ended it, with the same two keys, it goes on where it was. `undefined` when there is no vault. Throws
 * `WrongMasterKey` when the vault is under neither, or another change is half done.
 */
export function rewrapMongoVault({
  connection,
  from: fromBytes,
  to: toBytes,
  onWrite = () => undefined,
}: MongoRewrapOptions): Promise<Rewrapped | undefined> {
  const { db, reach } = connection;
  const [from, to] = [createSecretKey(fromBytes), createSecretKey(toBytes)];
  const vault = db.collection<VaultRow>('vault', AS_BYTES);
  const storedAt = async (name: string): Promise<Uint8Array | undefined> =>
    Value.optional().parse((await vault.findOne({ _id: name })) ?? undefined)?.value;

  return reach(async () => {
    const [check, begun] = [await storedAt('check'), await storedAt(REWRAPPING)];
    if (check === undefined) return undefined;
    const isDone = passesCheck(to, check);
    if (!isDone && !passesCheck(from, check)) throw new WrongMasterKey('The key vault in the database');
    if (begun !== undefined && !passesCheck(to, begun)) throw new WrongMasterKey('The key vault in the database, which is half way to another one,');
    if (!isDone && begun === undefined) {
      onWrite();
      await vault.insertOne({ _id: REWRAPPING, value: makeCheck(to) });
    }
    const done = await rewrapRows(connection, from, to, onWrite);
    await rewrapSecret(await storedAt(SECRET), from, to, async (before, value) => {
      onWrite();
      await vault.updateOne({ _id: SECRET, value: before }, { $set: { value } });
    });
    if (!isDone) {
      onWrite();
      await vault.updateOne({ _id: 'check' }, { $set: { value: makeCheck(to) } });
    }
    onWrite();
    await vault.deleteOne({ _id: REWRAPPING });
    return done;
  });
}

async function rewrapRows({ db }: MongoConnection, from: KeyObject, to: KeyObject, onWrite: () => void): Promise<Rewrapped> {
  const keys = db.collection<{ readonly _id: string; readonly wrapped?: Uint8Array }>('keys', AS_BYTES);
  let count = 0;
  let unreadable = 0;
  for await (const row of keys.find({ wrapped: { $exists: true } }).sort({ _id: 1 })) {
    const { _id, wrapped, ...key } = Key.parse(row);
    const rewrapped = rewrapKey(from, to, key, wrapped);
    if (rewrapped.state === 'unreadable') unreadable += 1;
    else count += 1;
    if (rewrapped.state !== 'rewrapped') continue;
    onWrite();
    // Only over what was read: a key that is destroyed meanwhile stays so.
    await keys.updateOne({ _id, wrapped }, { $set: { wrapped: rewrapped.wrapped } });
  }
  return { keys: count, unreadable };
}

async function rewrapSecret(
  wrapped: Uint8Array | undefined,
  from: KeyObject,
  to: KeyObject,
  put: (before: Uint8Array, value: Uint8Array) => Promise<void>,
): Promise<void> {
  if (wrapped === undefined || decrypt(to, SECRET, wrapped)) return;
  const secret = decrypt(from, SECRET, wrapped);
  if (!secret) throw new Error('The secret of the installation is damaged in the database: put its collection `vault` back from a backup.');
  await put(wrapped, encrypt(to, SECRET, secret));
}
