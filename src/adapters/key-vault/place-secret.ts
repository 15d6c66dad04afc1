import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { loadSecret } from './master-key.ts';

/** Makes these 32 bytes the secret in the file (base64, mode 0600); false when there is another one already, which stays. */
export function placeSecret(file: string, secret: Uint8Array): boolean {
  if (!existsSync(file)) {
    const draft = `${file}.new`;
    rmSync(draft, { force: true });
    writeFileSync(draft, `${Buffer.from(secret).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
    renameSync(draft, file);
  }
  const there = loadSecret(file);
  return there.ok && there.key.equals(secret);
}
