import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { installationSecret } from '../../src/adapters/key-vault/installation-secret-mongodb.ts';
import { openMongoKeyVault } from '../../src/adapters/key-vault/mongodb.ts';
import { rewrapMongoVault } from '../../src/adapters/key-vault/rewrap-mongodb.ts';
import type { MongoConnection } from '../../src/adapters/mongo/connection.ts';
import { newTestDatabase, type TestDatabase } from './mongo-database.ts';
import { describeWith } from './servers.ts';

const [before, after, other] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const KEYS = 5;
/** Two marks, the keys that are not destroyed, the secret, and the check. */
const WRITES = 2 + (KEYS - 1) + 1 + 1;

describeWith(['MONGODB_URL'], 'a change of the master key in MongoDB', () => {
  let database: TestDatabase;
  let connection: MongoConnection;
  let secret: Buffer;
  let keys: Map<string, Buffer>;

  beforeEach(async () => {
    database = newTestDatabase();
    connection = await database.connect();
    secret = await installationSecret({ connection, masterKey: before });
    const vault = await openMongoKeyVault({ connection, masterKey: before });
    keys = new Map();
    for (let index = 0; index < KEYS; index += 1) {
      const made = await vault.getOrCreate({ subject: 'person_ann', scope: `thread_${index}` });
      if (made.ok && index !== 2) keys.set(made.key.keyId, made.key.key.export());
    }
    await vault.destroyScope('thread_2');
  });
  afterEach(() => database.remove());

  async function expectMoved(): Promise<void> {
    const vault = await openMongoKeyVault({ connection, masterKey: after });
    for (const [keyId, bytes] of keys) {
      const found = await vault.get(keyId);
      expect(found.ok && found.key.key.export().equals(bytes), keyId).toBe(true);
    }
    expect(await vault.getOrCreate({ subject: 'person_ann', scope: 'thread_2' })).toEqual({ ok: false, code: 'Destroyed' });
    expect(await installationSecret({ connection, masterKey: after })).toEqual(secret);
    await expect(openMongoKeyVault({ connection, masterKey: before })).rejects.toMatchObject({ code: 'WrongMasterKey' });
  }

  it('leaves every data key and the secret of the installation as they are, under the new key', async () => {
    expect(await rewrapMongoVault({ connection, from: before, to: after })).toEqual({ keys: KEYS - 1, unreadable: 0 });
    await expectMoved();
    expect(await rewrapMongoVault({ connection, from: before, to: after })).toEqual({ keys: KEYS - 1, unreadable: 0 });
    await expectMoved();
  });

  it('killed after every single write and repeated it is done; meanwhile nobody opens the vault', async () => {
    let lives = 1;
    for (; ; lives += 1) {
      let left = 1;
      const onWrite = (): void => {
        if (left === 0) throw new Error('killed');
        left -= 1;
      };
      const end = await rewrapMongoVault({ connection, from: before, to: after, onWrite }).then(
        () => 'done',
        (error: unknown) => String(error),
      );
      if (end === 'done') break;
      expect(end).toBe('Error: killed');
      for (const masterKey of [before, after])
        await expect(openMongoKeyVault({ connection, masterKey })).rejects.toMatchObject({
          code: expect.stringMatching(/HalfRewrapped|WrongMasterKey/),
        });
      await expect(rewrapMongoVault({ connection, from: before, to: other })).rejects.toMatchObject({ code: 'WrongMasterKey' });
    }
    expect(lives).toBe(WRITES);
    await expectMoved();
  });

  it('is refused with a key that is not the vault’s, and finds nothing where there is nothing', async () => {
    await expect(rewrapMongoVault({ connection, from: other, to: after })).rejects.toMatchObject({ code: 'WrongMasterKey' });
    const empty = newTestDatabase();
    expect(await rewrapMongoVault({ connection: await empty.connect(), from: before, to: after })).toBeUndefined();
    await empty.remove();
  });
});
