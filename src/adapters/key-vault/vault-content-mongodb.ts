import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { MongoConnection } from '../mongo/connection.ts';
import { openCheckedRows } from './mongodb.ts';
import { WrongMasterKey } from './sqlite.ts';
import { contentOf, type Destruction, type KeptKey, type OpenVault, type VaultContent } from './vault-content.ts';
import { passesCheck } from './wrapping.ts';

const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const Key = z.object({ keyId: z.string(), subject: z.string(), scope: z.string(), wrapped: Bytes.optional() });
const Destroyed = z.object({ _id: z.string() });
const Check = z.object({ value: Bytes });

const AS_BYTES = { promoteBuffers: true };
const CONCURRENT_WRITES = 16;

/** Reads the whole vault of the database, changing nothing; `undefined` when there is none. Throws `WrongMasterKey`. */
export function readMongoVault({ db, reach }: MongoConnection, master: KeyObject): Promise<OpenVault | undefined> {
  return reach(async () => {
    const check = await db.collection<{ readonly _id: string }>('vault', AS_BYTES).findOne({ _id: 'check' });
    if (check === null) return undefined;
    if (!passesCheck(master, Check.parse(check).value)) throw new WrongMasterKey('The key vault in the database');
    const keys: KeptKey[] = [];
    for await (const row of db.collection('keys', AS_BYTES).find()) {
      const { wrapped, ...key } = Key.parse(row);
      keys.push({ ...key, wrapped });
    }
    const destroyed: Destruction[] = [];
    for await (const row of db.collection('destroyed').find()) destroyed.push(destructionOf(Destroyed.parse(row)._id));
    return { ...contentOf(keys, destroyed), master };
  });
}

/** Puts all of it into the vault of the database, made first where there is none; to be repeated as a whole when it fails. Throws `WrongMasterKey`. */
export function writeMongoVault(connection: MongoConnection, { keys, destroyed }: VaultContent, master: KeyObject): Promise<void> {
  return connection.reach(async () => {
    const rows = await openCheckedRows(connection, master);
    await eachOf(destroyed, ({ kind, name }) => rows.destroy(kind, name));
    await eachOf(keys, async ({ wrapped, ...key }) => {
      await rows.insertOrRead({ ...key, wrapped: wrapped ?? new Uint8Array() });
      if (!wrapped) await rows.eraseKey(key.keyId);
    });
  });
}

function destructionOf(name: string): Destruction {
  const [kind, ...words] = name.split(' ');
  if (kind !== 'scope' && kind !== 'subject') throw new Error(`The key vault in the database is damaged: nobody writes “${name}” there.`);
  return { kind, name: words.join(' ') };
}

async function eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENT_WRITES, items.length) }, lane));
}
