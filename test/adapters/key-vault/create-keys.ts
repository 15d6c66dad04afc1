import { openSqliteKeyVault } from '../../../src/adapters/key-vault/sqlite.ts';

// Makes keys until it is killed, and writes down each one that was promised.
const [folder = '', masterKey = ''] = process.argv.slice(2);
const vault = await openSqliteKeyVault({ folder, masterKey: Buffer.from(masterKey, 'hex') });
for (let index = 0; ; index += 1) {
  const result = await vault.getOrCreate({ subject: 'person_ann', scope: `thread_${index}` });
  if (result.ok) process.stdout.write(`${result.key.keyId} ${result.key.key.export().toString('hex')}\n`);
}
