import { hkdfSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { assistantUiRoutes } from '../api/assistant-ui/index.ts';
import { createTokens } from '../api/http/identity/tokens.ts';
import { createServer } from '../api/server.ts';
import { isLoopback, type Settings } from '../settings.ts';
import { removeAddress, writeAddress } from './address.ts';
import { openEmbedded } from './embedded.ts';
import { fail } from './fail.ts';

const webFolder = fileURLToPath(new URL('../../web/dist', import.meta.url));
const log = (message: string): void => void process.stderr.write(`annals: ${message}\n`);
/** What is left of a drain for requests that are no streams, in ms. */
const GRACE_MS = 2000;

/** Starts the server, says where it listens once it is ready, and ends in good order on SIGTERM or SIGINT. */
export async function start(settings: Settings): Promise<void> {
  process.umask(0o077);
  const { ANNALS_HOST: host, ANNALS_PORT: port, ANNALS_DATA: folder } = settings;
  if (!isLoopback(host) && settings.ANNALS_JWT_SECRET === undefined) {
    fail(`On ${host} others can reach this server, so there must be a way to tell who comes: set ANNALS_JWT_SECRET, or listen on 127.0.0.1.`);
  }
  const embedded = await openEmbedded(settings, log).catch((error: unknown) => fail(sentenceOf(error)));
  const { kernel, secret } = embedded;
  const derived = (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
  const tokens = createTokens({
    secret: settings.ANNALS_JWT_SECRET === undefined ? derived('annals tokens') : Buffer.from(settings.ANNALS_JWT_SECRET),
    issuer: derived('annals installation').toString('hex').slice(0, 32),
  });
  const server = createServer(kernel, {
    tokens,
    localPerson: isLoopback(host),
    claimedBy: kernel.claimedBy,
    claimedOf: kernel.claimedOf,
    hosts: [...settings.ANNALS_HOSTS, ...(isLoopback(host) ? [] : [host])],
    origins: settings.ANNALS_ORIGINS,
    publicUrl: settings.ANNALS_PUBLIC_URL,
    routes: assistantUiRoutes({ secret: derived('annals assistant-ui'), publicUrl: settings.ANNALS_PUBLIC_URL }),
    webFolder,
    log,
  });

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    removeAddress(folder);
    const closing = server.close(settings.ANNALS_DRAIN + GRACE_MS);
    await embedded.close(settings.ANNALS_DRAIN);
    await closing;
  };
  const end = (): void => {
    stopping ??= stop().then(
      () => process.exit(0),
      (error: unknown) => fail(sentenceOf(error)),
    );
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);

  const listening = await server.listen({ host, port }).catch(async (error: unknown) => {
    await embedded.close(0);
    return fail(cannotListen(error, host, port));
  });
  await kernel.start();
  const address = `http://${host.includes(':') ? `[${host.replace(/[[\]]/g, '')}]` : host}:${listening.port}`;
  writeAddress(folder, address);
  process.stdout.write(`annals: ${address}\n`);
}

function cannotListen(error: unknown, host: string, port: number): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `Port ${port} of ${host} is in use: stop what listens there, or take another one with --port.`;
  return `Cannot listen on ${host}:${port}: ${sentenceOf(error)}`;
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
