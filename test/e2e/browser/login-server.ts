import { randomBytes } from 'node:crypto';
import { assistantUiRoutes } from '../../../src/api/assistant-ui/index.ts';
import type { ProviderConfig } from '../../../src/api/http/login/provider.ts';
import { loginRoutes } from '../../../src/api/http/login/routes.ts';
import { type OidcServer, startOidcProvider } from '../../harness/oidc-provider.ts';
import { type BrowserServer, startServer } from './server.ts';

export interface LoginServer extends BrowserServer {
  /** Knows nothing of PKCE, and one that demands it. */
  readonly plain: OidcServer;
  readonly checked: OidcServer;
}

/** The server with two providers, and nobody whom it knows without them. */
export async function startLoginServer(): Promise<LoginServer> {
  const [plain, checked] = await Promise.all([
    startOidcProvider({ demandsPkce: false, asks: true }),
    startOidcProvider({ demandsPkce: true, asks: true }),
  ]);
  const secret = randomBytes(32);
  const provider = (key: string, label: string, { issuer, clientId, clientSecret }: OidcServer, pkce: 'on' | 'off'): ProviderConfig => ({
    key,
    label,
    issuer,
    clientId,
    clientSecret: async () => clientSecret,
    pkce,
    scopes: ['profile', 'email'],
  });
  const server = await startServer(({ known }) => ({
    localPerson: false,
    routes: [
      ...assistantUiRoutes({ secret }),
      ...loginRoutes({
        providers: [provider('plain', 'Plain', plain, 'off'), provider('checked', 'Checked', checked, 'on')],
        known,
        secret,
        stateSecret: secret,
        open: true,
      }),
    ],
  }));
  plain.serve(`${server.baseUrl}/login/plain/callback`);
  checked.serve(`${server.baseUrl}/login/checked/callback`);
  return {
    baseUrl: server.baseUrl,
    plain,
    checked,
    async stop() {
      await server.stop();
      await Promise.all([plain.stop(), checked.stop()]);
    },
  };
}
