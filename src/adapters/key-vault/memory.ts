import { createSecretKey, randomBytes } from 'node:crypto';
import type { KeyResult, KeyScope, KeyVault, VaultKey } from './port.ts';
import { newKeyId } from './wrapping.ts';

interface Row extends KeyScope {
  readonly result: KeyResult;
}

const DESTROYED: KeyResult = { ok: false, code: 'Destroyed' };
const ABSENT: KeyResult = { ok: false, code: 'Absent' };

/** A vault that lasts as long as the process, for tests. */
export function createMemoryKeyVault(): KeyVault {
  const rows = new Map<string, Row>();
  const keyIds = new Map<string, string>();
  const subjects = new Set<string>();
  const scopes = new Set<string>();
  let position = '';
  const isDestroyed = ({ subject, scope }: KeyScope) => subjects.has(subject) || scopes.has(scope);

  function getOrCreate({ subject, scope }: KeyScope): KeyResult {
    if (isDestroyed({ subject, scope })) return DESTROYED;
    const name = JSON.stringify([subject, scope]);
    const row = rows.get(keyIds.get(name) ?? '');
    if (row) return row.result;
    const key: VaultKey = { keyId: newKeyId(), key: createSecretKey(randomBytes(32)) };
    const result: KeyResult = { ok: true, key };
    keyIds.set(name, key.keyId);
    rows.set(key.keyId, { subject, scope, result });
    return result;
  }

  function overwrite(concerns: (row: Row) => boolean): Promise<void> {
    for (const [keyId, row] of rows) if (concerns(row)) rows.set(keyId, { ...row, result: DESTROYED });
    return Promise.resolve();
  }

  return {
    getOrCreate: (scope) => Promise.resolve(getOrCreate(scope)),
    get: (keyId) => Promise.resolve(rows.get(keyId)?.result ?? ABSENT),
    destroyScope: (scope) => {
      scopes.add(scope);
      return overwrite((row) => row.scope === scope);
    },
    destroySubject: (subject) => {
      subjects.add(subject);
      return overwrite((row) => row.subject === subject);
    },
    isDestroyed: (scope) => Promise.resolve(isDestroyed(scope)),
    mark: () => Promise.resolve(position),
    setMark: (to) => {
      position = to;
      return Promise.resolve();
    },
    forget: () => {},
    close: () => Promise.resolve(),
  };
}
