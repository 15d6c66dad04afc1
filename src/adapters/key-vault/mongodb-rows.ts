import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { MongoConnection } from '../mongo/connection.ts';
import { isDuplicate } from '../mongo/outage.ts';
import { type KeyScope, VaultUnavailable } from './port.ts';

const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const KeyRow = z.object({ keyId: z.string(), subject: z.string(), scope: z.string(), wrapped: Bytes.optional() });
const Kept = z.object({ value: z.union([z.string(), Bytes]) });

/** A key as it is stored; without its bytes when it was destroyed. */
export type StoredKey = z.output<typeof KeyRow>;
export interface NewKey extends KeyScope {
  readonly keyId: string;
  readonly wrapped: Uint8Array;
}

type Destroyed = 'subject' | 'scope';
interface KeyDocument extends KeyScope {
  readonly _id: string;
  readonly keyId: string;
  readonly wrapped?: Uint8Array;
}

const AS_BYTES = { promoteBuffers: true };
const UNSEEN_MS = 5;
const MOST_LOOKS = 1_000;

export type VaultRows = Awaited<ReturnType<typeof openVaultRows>>;

/**
 * The collections of the vault: `keys`, one row for each subject and scope; `destroyed`, rows that are never removed; `vault`, single values.
 * Everything is written to the journals of a majority, and read from the primary as a majority has it: so no key is handed out that a change of the
 * primary could take back, and no destruction is overlooked that was acknowledged.
 */
export async function openVaultRows({ db }: MongoConnection) {
  const keys = db.collection<KeyDocument>('keys', AS_BYTES);
  const destroyed = db.collection<{ readonly _id: string }>('destroyed');
  const vault = db.collection<{ readonly _id: string; readonly value: string | Uint8Array }>('vault', AS_BYTES);
  await keys.createIndexes([{ key: { keyId: 1 } }, { key: { scope: 1 } }, { key: { subject: 1 } }]);

  async function byScope({ subject, scope }: KeyScope): Promise<StoredKey | undefined> {
    return KeyRow.optional().parse((await keys.findOne({ _id: nameOf({ subject, scope }) })) ?? undefined);
  }

  async function isDestroyed({ subject, scope }: KeyScope): Promise<boolean> {
    return (await destroyed.findOne({ _id: { $in: [destroyedName('subject', subject), destroyedName('scope', scope)] } })) !== null;
  }

  // Whoever comes second may have to wait until the first one's row has reached a majority.
  async function insertOrRead({ keyId, subject, scope, wrapped }: NewKey): Promise<StoredKey> {
    const stored = await insertUnlessThere(() => keys.insertOne({ _id: nameOf({ subject, scope }), keyId, subject, scope, wrapped }));
    return stored ? { keyId, subject, scope, wrapped } : onceSeen(() => byScope({ subject, scope }));
  }

  async function putUnlessThere(name: string, value: Uint8Array): Promise<Uint8Array> {
    const stored = await insertUnlessThere(() => vault.insertOne({ _id: name, value }));
    return stored ? value : onceSeen(() => bytesOf(name));
  }

  async function storedAt(name: string): Promise<string | Uint8Array | undefined> {
    return Kept.optional().parse((await vault.findOne({ _id: name })) ?? undefined)?.value;
  }

  async function bytesOf(name: string): Promise<Uint8Array | undefined> {
    const value = await storedAt(name);
    return typeof value === 'string' ? undefined : value;
  }

  return {
    byScope,
    byId: async (keyId: string) => KeyRow.optional().parse((await keys.findOne({ keyId })) ?? undefined),
    isDestroyed,
    insertOrRead,
    /** First the lasting row, then the keys there are: whoever makes one meanwhile finds the row after its own insert. */
    destroy: async (kind: Destroyed, name: string) => {
      await insertUnlessThere(() => destroyed.insertOne({ _id: destroyedName(kind, name) }));
      await keys.updateMany({ [kind]: name }, { $unset: { wrapped: '' } });
    },
    eraseKey: async (keyId: string) => {
      await keys.updateOne({ keyId }, { $unset: { wrapped: '' } });
    },
    putUnlessThere,
    bytesOf,
    text: async (name: string) => {
      const value = await storedAt(name);
      return typeof value === 'string' ? value : '';
    },
    setText: async (name: string, value: string) => {
      await vault.updateOne({ _id: name }, { $set: { value } }, { upsert: true });
    },
  };
}

const nameOf = ({ subject, scope }: KeyScope): string => JSON.stringify([subject, scope]);
const destroyedName = (kind: Destroyed, name: string): string => `${kind} ${name}`;

async function insertUnlessThere(insert: () => Promise<unknown>): Promise<boolean> {
  try {
    await insert();
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}

async function onceSeen<Row>(look: () => Promise<Row | undefined>): Promise<Row> {
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const row = await look();
    if (row !== undefined) return row;
    await sleep(UNSEEN_MS);
  }
  throw new VaultUnavailable('The database has not yet agreed on what another process wrote into the key vault: repeat in a moment.');
}
