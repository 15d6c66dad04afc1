import { hkdfSync } from 'node:crypto';
import { join } from 'node:path';
import { loadSecret } from '../../src/adapters/key-vault/master-key.ts';
import { createTokens } from '../../src/api/http/identity/tokens.ts';
import { PersonId } from '../../src/domain/ids.ts';
import { type ServerProcess, startServerProcess } from '../harness/server-process.ts';

export interface AnnalsServer extends ServerProcess {
  /** A token of this installation for a person of that name. */
  token(name: string): Promise<string>;
}

const jwtSecret = 'the benchmark signs its tokens with this one';

/** The real server in a process of its own, which takes tokens. */
export async function startAnnalsServer(folder: string, environment: Readonly<Record<string, string>> = {}): Promise<AnnalsServer> {
  const server = await startServerProcess(folder, { ANNALS_JWT_SECRET: jwtSecret, ANNALS_DRAIN: '1000', ...environment });
  const secret = loadSecret(join(folder, 'installation.secret'));
  if (!secret.ok) throw new Error(secret.message);
  const issuer = Buffer.from(hkdfSync('sha256', secret.key, '', 'annals installation', 32))
    .toString('hex')
    .slice(0, 32);
  const tokens = createTokens({ secret: Buffer.from(jwtSecret), issuer });
  return {
    ...server,
    token: async (name) => (await tokens.access({ id: PersonId.parse(`person_${name}`), kind: 'person', roles: ['member'] })).token,
  };
}
