import { fileURLToPath } from 'node:url';
import { assistantUiRoutes } from '../api/assistant-ui/index.ts';
import { asyncApiRoutes } from '../api/docs/asyncapi.ts';
import { createServer, type Server } from '../api/server.ts';
import { isLoopback, type Settings } from '../settings.ts';
import { channelsOf } from '../workers/gateway/topics.ts';
import { derivedSecret, type Installation, installationTokens, isForLocalPerson } from './installation.ts';

const webFolder = fileURLToPath(new URL('../../web/dist', import.meta.url));

/** Every door of the installation, not yet open. */
export function serverOf({ kernel, secret }: Installation, settings: Settings, log: (message: string) => void): Server {
  const { ANNALS_HOST: host, ANNALS_PUBLIC_URL: publicUrl } = settings;
  return createServer(kernel, {
    tokens: installationTokens(settings, secret),
    localPerson: isForLocalPerson(settings),
    claimedBy: kernel.claimedBy,
    claimedOf: kernel.claimedOf,
    hosts: [...settings.ANNALS_HOSTS, ...(isLoopback(host) ? [] : [host])],
    origins: settings.ANNALS_ORIGINS,
    publicUrl,
    routes: [
      ...assistantUiRoutes({ secret: derivedSecret(secret, 'annals assistant-ui'), publicUrl }),
      ...asyncApiRoutes(channelsOf(settings.KAFKA_TOPIC_PREFIX)),
    ],
    webFolder,
    healthOnly: settings.ANNALS_ROLE === 'workers',
    log,
  });
}
