import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installationSecret, putInstallationSecret } from '../../src/adapters/key-vault/installation-secret-mongodb.ts';
import { openMongoKeyVault } from '../../src/adapters/key-vault/mongodb.ts';
import type { KeyVault } from '../../src/adapters/key-vault/port.ts';
import type { MongoConnection } from '../../src/adapters/mongo/connection.ts';
import { describeKeyVaults, type OpenedKeyVault } from '../contract/key-vault.ts';
import { newTestDatabase, type TestDatabase } from './mongo-database.ts';
import { describeWith } from './servers.ts';

const ann = { subject: 'person_ann', scope: 'thread_1' };

async function openMongo(): Promise<OpenedKeyVault> {
  const database = newTestDatabase();
  const masterKey = randomBytes(32);
  const open = async () => openMongoKeyVault({ connection: await database.connect(), masterKey });
  return { vault: await open(), reopen: open, remove: database.remove };
}

describeWith(['MONGODB_URL'], 'between processes', () => {
  describeKeyVaults([{ name: 'in MongoDB', open: openMongo }]);

  describe('a key vault that several processes share', () => {
    const masterKey = randomBytes(32);
    let database: TestDatabase;
    let connections: readonly MongoConnection[];
    let here: KeyVault;
    let there: KeyVault;
    let time = 0;
    beforeEach(async () => {
      database = newTestDatabase();
      connections = await Promise.all([database.connect(), database.connect()]);
      [here, there] = (await Promise.all(connections.map((connection) => openMongoKeyVault({ connection, masterKey, monotonic: () => time })))) as [
        KeyVault,
        KeyVault,
      ];
    });
    afterEach(() => database.remove());

    it('gives each scope one key, however many processes ask for it first', async () => {
      const scopes = Array.from({ length: 20 }, (_, index) => ({ ...ann, scope: `thread_${index}` }));
      const answers = await Promise.all([here, there].map((vault) => Promise.all(scopes.map((scope) => vault.getOrCreate(scope)))));
      const ids = answers.map((of) => of.map((result) => result.ok && result.key.keyId));
      expect(ids[0]).toEqual(ids[1]);
      expect(new Set(ids[0]).size).toBe(20);
    });

    it('hands out no key for what another process destroys, except from a cache younger than 5 s or until it is told to forget', async () => {
      const made = await here.getOrCreate(ann);
      expect(made.ok).toBe(true);
      await there.destroyScope(ann.scope);
      expect(await there.getOrCreate(ann)).toEqual({ ok: false, code: 'Destroyed' });
      time += 5_000;
      expect(await here.getOrCreate(ann)).toEqual({ ok: false, code: 'Destroyed' });
      const other = { subject: 'person_bob', scope: 'thread_2' };
      await here.getOrCreate(other);
      await there.destroySubject(other.subject);
      here.forget();
      expect(await here.getOrCreate(other)).toEqual({ ok: false, code: 'Destroyed' });
    });

    it('leaves no wrapped bytes in any row of what was destroyed, also of keys made at the same moment', async () => {
      for (let round = 0; round < 20; round += 1) {
        const scope = `thread_${round}`;
        await Promise.all([here.getOrCreate({ ...ann, scope }), there.destroyScope(scope), there.getOrCreate({ subject: 'person_bob', scope })]);
        here.forget();
        expect(await here.getOrCreate({ ...ann, scope })).toEqual({ ok: false, code: 'Destroyed' });
      }
      expect(await connections[0]!.db.collection('keys').countDocuments({ wrapped: { $exists: true } })).toBe(0);
    });

    it('is refused to another master key', async () => {
      await expect(openMongoKeyVault({ connection: connections[0]!, masterKey: randomBytes(32) })).rejects.toMatchObject({ code: 'WrongMasterKey' });
      await expect(installationSecret({ connection: connections[0]!, masterKey: randomBytes(32) })).rejects.toMatchObject({ code: 'WrongMasterKey' });
    });

    it('keeps one secret of the installation, made by whoever comes first, and no other in its place', async () => {
      const places = connections.map((connection) => ({ connection, masterKey }));
      const secrets = await Promise.all([...places, ...places].map((place) => installationSecret(place)));
      expect(new Set(secrets.map((secret) => secret.toString('hex'))).size).toBe(1);
      expect(secrets[0]).toHaveLength(32);
      expect(await putInstallationSecret(places[0]!, randomBytes(32))).toBe(false);
      expect(await putInstallationSecret(places[0]!, secrets[0]!)).toBe(true);
      expect(await installationSecret(places[1]!)).toEqual(secrets[0]);
    });

    it('takes the secret of an installation that moves here', async () => {
      const places = connections.map((connection) => ({ connection, masterKey }));
      const secret = randomBytes(32);
      expect(await putInstallationSecret(places[0]!, secret)).toBe(true);
      expect(await installationSecret(places[1]!)).toEqual(secret);
    });
  });
});
