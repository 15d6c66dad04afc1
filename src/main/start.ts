import { createServer as createProbe } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { whyNotTrusted } from '../api/http/identity/proxy.ts';
import { isLoopback, type Settings } from '../settings.ts';
import { removeAddress, writeAddress } from './address.ts';
import { fail } from './fail.ts';
import { isForLocalPerson } from './installation.ts';
import { logLine } from './log-line.ts';
import { hasLogin, loginProblems } from './login-providers.ts';
import { openInstallation } from './open.ts';
import { StartRefused, sentenceOf } from './refused.ts';
import { openTls } from './tls.ts';

const log = (message: string): void => void process.stderr.write(`annals: ${logLine(message)}\n`);
/** What is left of a drain for requests that are no streams, in ms. */
const GRACE_MS = 2000;
/** How long after a drain a process still waits for servers that do not answer, in ms. */
const CLOSING_MS = 5000;

/**
 * Starts the server, says where it listens once it is ready, and ends in good order on SIGTERM or SIGINT, also while it is still starting; a second
 * signal cuts the drain short. Throws, with one sentence, when something is in the way.
 */
export async function start(settings: Settings): Promise<void> {
  process.umask(0o077);
  const { ANNALS_HOST: host, ANNALS_PORT: port, ANNALS_DATA: folder } = settings;
  const untrusted = whyNotTrusted({ addresses: settings.ANNALS_TRUSTED_PROXIES, secret: settings.ANNALS_PROXY_SECRET });
  if (untrusted !== undefined) throw new StartRefused(untrusted);
  if (settings.ANNALS_DEV_USER === '1' && !isForLocalPerson(settings))
    throw new StartRefused('ANNALS_DEV_USER believes whatever name a client sends: it is for a server on 127.0.0.1 under no other name.');
  const knowsWhoComes =
    settings.ANNALS_JWT_SECRET !== undefined ||
    settings.ANNALS_TRUSTED_PROXIES.length > 0 ||
    settings.ANNALS_PASSWORD_LOGIN === 'on' ||
    hasLogin(settings);
  if (!isForLocalPerson(settings) && !knowsWhoComes) {
    const where = isLoopback(host) ? 'Under the names in ANNALS_PUBLIC_URL and ANNALS_HOSTS' : `On ${host}`;
    throw new StartRefused(
      `${where} others can reach this server, so there must be a way to tell who comes: set ANNALS_JWT_SECRET, ANNALS_PASSWORD_LOGIN=on or a provider where people log in, or listen on 127.0.0.1 under no other name.`,
    );
  }
  const tls = openTls(settings, log);
  for (const sentence of loginProblems(settings)) throw new StartRefused(sentence);
  const stopping = hearSignals();
  await requireFreePort(host, port);
  // What speaks HTTP is loaded while the threads of the stores start.
  const [installation, { serverOf }] = await Promise.all([openInstallation(settings, log), import('./server-of.ts')]);
  const server = serverOf(installation, settings, log, tls?.credentials);
  tls?.watch(server.renew);
  const close = async (): Promise<void> => {
    removeAddress(folder);
    tls?.stop();
    installation.kernel.leave();
    // As unready, so that a load balancer sends nobody here any more.
    await linger(settings.ANNALS_LINGER, stopping.second);
    const closing = Promise.all([server.close(settings.ANNALS_DRAIN + GRACE_MS), installation.close(settings.ANNALS_DRAIN)]);
    // As after SIGKILL nothing is lost that way: whoever comes next takes up what is open.
    const late = linger(settings.ANNALS_DRAIN, stopping.second).then(() => sleep(CLOSING_MS, 'late' as const));
    if ((await Promise.race([closing, late])) === 'late') log('ends without waiting any longer for what does not answer');
    process.exit(0);
  };
  if (stopping.first.aborted) return close();
  stopping.first.addEventListener('abort', () => void close().catch((error: unknown) => fail(sentenceOf(error))));
  stopping.second.addEventListener('abort', installation.kernel.hurry);
  try {
    const listening = await server.listen({ host, port });
    await installation.kernel.start();
    if (stopping.first.aborted) return;
    const address = `http${tls ? 's' : ''}://${host.includes(':') ? `[${host.replace(/[[\]]/g, '')}]` : host}:${listening.port}`;
    writeAddress(folder, address);
    process.stdout.write(`annals: ${address}\n`);
  } catch (error) {
    if (stopping.first.aborted) return;
    await server.close(0);
    await installation.close(0);
    throw cannotListen(error, host, port);
  }
}

/** From now on signals end nothing by themselves. */
function hearSignals(): { readonly first: AbortSignal; readonly second: AbortSignal } {
  const first = new AbortController();
  const second = new AbortController();
  const hear = (): void => (first.signal.aborted ? second : first).abort();
  process.on('SIGTERM', hear).on('SIGINT', hear);
  return { first: first.signal, second: second.signal };
}

/** A second signal cuts it short. */
const linger = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined);

/** Before anything is opened: a start that cannot listen leaves the data folder as it is. */
async function requireFreePort(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const probe = createProbe();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  probe.once('error', reject).listen(port, host.replace(/^\[(.*)\]$/, '$1'), resolve);
  await promise.catch((error: unknown) => Promise.reject(cannotListen(error, host, port)));
  await new Promise((closed) => probe.close(closed));
}

function cannotListen(error: unknown, host: string, port: number): unknown {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return new StartRefused(`Port ${port} of ${host} is in use: stop what listens there, or take another one with --port.`);
    case 'EACCES':
      return new StartRefused(`This user may not listen on port ${port}: take one from 1024 on with --port.`);
    case 'ENOTFOUND':
    case 'EADDRNOTAVAIL':
    case 'EAI_AGAIN':
      return new StartRefused(`${host} is no address of this machine: name one with --host, for example 127.0.0.1.`);
    default:
      return error;
  }
}
