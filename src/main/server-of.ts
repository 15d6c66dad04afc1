import { fileURLToPath } from 'node:url';
import { assistantUiRoutes } from '../api/assistant-ui/index.ts';
import { asyncApiRoutes } from '../api/docs/asyncapi.ts';
import { mcpRoutes } from '../api/mcp/routes.ts';
import { apiKeyRoutes } from '../api/rini/api-keys.ts';
import { userRoutes } from '../api/rini/users.ts';
import { createServer, type Server } from '../api/server.ts';
import { isLoopback, type Settings } from '../settings.ts';
import { channelsOf } from '../workers/gateway/topics.ts';
import { derivedSecret, type Installation, installationTokens, isForLocalPerson, isRegistrationOpen } from './installation.ts';

const webFolder = fileURLToPath(new URL('../../web/dist', import.meta.url));

/** Every door of the installation, not yet open. */
export function serverOf({ kernel, secret }: Installation, settings: Settings, log: (message: string) => void): Server {
  const { ANNALS_HOST: host, ANNALS_PUBLIC_URL: publicUrl } = settings;
  const tokens = installationTokens(settings, secret);
  const { ANNALS_TRUSTED_PROXIES: addresses, ANNALS_PROXY_SECRET: proxySecret } = settings;
  return createServer(kernel, {
    tokens,
    localPerson: isForLocalPerson(settings),
    known: kernel.known,
    proxies: addresses.length > 0 && proxySecret !== undefined ? { addresses, secret: proxySecret } : undefined,
    devUser: settings.ANNALS_DEV_USER === '1',
    hosts: [...settings.ANNALS_HOSTS, ...(isLoopback(host) ? [] : [host])],
    origins: settings.ANNALS_ORIGINS,
    publicUrl,
    routes: [
      ...assistantUiRoutes({ secret: derivedSecret(secret, 'annals assistant-ui'), publicUrl }),
      ...apiKeyRoutes,
      ...userRoutes({ tokens, open: isRegistrationOpen(settings), tokenMinutes: settings.JWT_ACCESS_TOKEN_EXPIRE_MINUTES }),
      ...mcpRoutes({ publicUrl }),
      ...asyncApiRoutes(channelsOf(settings.KAFKA_TOPIC_PREFIX)),
    ],
    webFolder,
    healthOnly: settings.ANNALS_ROLE === 'workers',
    log,
  });
}
