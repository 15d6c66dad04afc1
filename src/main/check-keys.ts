import { installationSecret } from '../adapters/key-vault/installation-secret-mongodb.ts';
import { loadMasterKey } from '../adapters/key-vault/master-key.ts';
import { openMongo } from '../adapters/mongo/connection.ts';
import type { Settings } from '../settings.ts';
import { type Finding, fine, problem } from './finding.ts';
import { sentenceOf } from './refused.ts';

/** Whether the master key is the one with which the vault in the database was made; nothing is made where there is none. */
export async function checkKeys({ ANNALS_DATA: folder, RINI_API_MASTER_KEY: fromSetting }: Settings, mongoUrl: string): Promise<readonly Finding[]> {
  if (fromSetting === undefined) return [];
  const masterKey = loadMasterKey({ folder, fromSetting });
  if (!masterKey.ok) return [];
  // Whether there is a database at all is another check's.
  const connection = await openMongo(mongoUrl).catch(() => undefined);
  if (connection === undefined) return [];
  try {
    const isThere = await connection.reach(async () => (await connection.db.collection('vault').findOne()) !== null);
    if (!isThere) return [fine('There are no keys in the database yet: the first process makes them.')];
    await installationSecret({ connection, masterKey: masterKey.key });
    return [fine('The master key is the one that the keys in the database were made with.')];
  } catch (error) {
    return [problem(sentenceOf(error))];
  } finally {
    await connection.close();
  }
}
