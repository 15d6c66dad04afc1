import { fileURLToPath } from 'node:url';
import { assistantUiRoutes } from '../api/assistant-ui/index.ts';
import { asyncApiRoutes } from '../api/docs/asyncapi.ts';
import type { Credentials } from '../api/http/listen.ts';
import { loginRoutes } from '../api/http/login/routes.ts';
import { mcpRoutes } from '../api/mcp/routes.ts';
import { pmmToolRoutes } from '../api/pmm/mcp-tools.ts';
import { exportAddressRoutes } from '../api/rest/archives.ts';
import { toolLoginRoutes } from '../api/rest/mcp-logins.ts';
import { apiKeyRoutes } from '../api/rini/api-keys.ts';
import { mcpConnectionRoutes } from '../api/rini/mcp-connections.ts';
import { userRoutes } from '../api/rini/users.ts';
import { createServer, type Server } from '../api/server.ts';
import { isLoopback, type Settings } from '../settings.ts';
import { channelsOf } from '../workers/gateway/topics.ts';
import { derivedSecret, type Installation, installationTokens, isForLocalPerson, isRegistrationOpen } from './installation.ts';
import { hasLogin, loginProviders } from './login-providers.ts';

const firstAdministrator = ({ ANNALS_ADMIN_EMAIL: email, ANNALS_ADMIN_ISSUER: issuer }: Settings) =>
  email === undefined || issuer === undefined ? undefined : { email, issuer };

const webFolder = fileURLToPath(new URL('../../web/dist', import.meta.url));

const COSTLY_PER_MINUTE = 300;

/** Every door of the installation, not yet open. */
export function serverOf({ kernel, secret }: Installation, settings: Settings, log: (message: string) => void, credentials?: Credentials): Server {
  const { ANNALS_HOST: host, ANNALS_PUBLIC_URL: publicUrl } = settings;
  const tokens = installationTokens(settings, secret);
  const passwords = settings.ANNALS_PASSWORD_LOGIN === 'on';
  const { ANNALS_TRUSTED_PROXIES: addresses, ANNALS_PROXY_SECRET: proxySecret } = settings;
  return createServer(kernel, {
    tokens,
    localPerson: isForLocalPerson(settings) && !hasLogin(settings) && !passwords,
    known: kernel.known,
    sessions: { secret: derivedSecret(secret, 'annals sessions'), idleMs: settings.ANNALS_SESSION_IDLE, maxMs: settings.ANNALS_SESSION_MAX },
    proxies: addresses.length > 0 && proxySecret !== undefined ? { addresses, secret: proxySecret } : undefined,
    devUser: settings.ANNALS_DEV_USER === '1',
    hosts: [...settings.ANNALS_HOSTS, ...(isLoopback(host) ? [] : [host])],
    origins: settings.ANNALS_ORIGINS,
    publicUrl,
    routes: [
      ...assistantUiRoutes({ secret: derivedSecret(secret, 'annals assistant-ui'), publicUrl }),
      ...apiKeyRoutes,
      ...mcpConnectionRoutes,
      ...pmmToolRoutes,
      ...userRoutes({ tokens, open: isRegistrationOpen(settings), tokenMinutes: settings.JWT_ACCESS_TOKEN_EXPIRE_MINUTES }),
      ...loginRoutes({
        providers: loginProviders(settings),
        known: kernel.known,
        secret: derivedSecret(secret, 'annals identities'),
        stateSecret: derivedSecret(secret, 'annals logins'),
        open: settings.ANNALS_REGISTRATION !== 'closed',
        password: passwords,
        registration: passwords && isRegistrationOpen(settings),
        administrator: firstAdministrator(settings),
        publicUrl,
      }),
      ...mcpRoutes({ publicUrl }),
      ...exportAddressRoutes({ secret: derivedSecret(secret, 'annals exports'), publicUrl }),
      ...toolLoginRoutes({ publicUrl }),
      ...asyncApiRoutes(channelsOf(settings.KAFKA_TOPIC_PREFIX)),
    ],
    webFolder,
    credentials,
    accounts: { passwords, registration: isRegistrationOpen(settings) },
    metricsToken: settings.ANNALS_METRICS_TOKEN,
    costlyPerMinute: settings.ANNALS_COSTLY_PER_MINUTE ?? (isForLocalPerson(settings) ? 0 : COSTLY_PER_MINUTE),
    healthOnly: settings.ANNALS_ROLE === 'workers',
    log,
  });
}
