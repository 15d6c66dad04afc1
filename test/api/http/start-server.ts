import { randomBytes } from 'node:crypto';
import { createTokens, type Tokens } from '../../../src/api/http/identity/tokens.ts';
import { createServer, type Server, type ServerOptions } from '../../../src/api/server.ts';
import { type Installation, type StartOptions, startAnnals } from '../../harness/memory-annals.ts';

export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly installation: Installation;
  readonly tokens: Tokens;
  readonly server: Server;
  /** What the server has logged. */
  readonly logged: string[];
  /** A request as the local person makes it, or whoever `headers` say; JSON bodies are written out. */
  call(method: string, path: string, options?: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal }): Promise<Response>;
  stop(): Promise<void>;
}

/** A whole server in memory, listening on a free port of 127.0.0.1. */
export async function startServer({
  server: options = {},
  annals = {},
}: {
  server?: Partial<ServerOptions>;
  annals?: StartOptions;
} = {}): Promise<TestServer> {
  const installation = await startAnnals(annals);
  const { kernel } = installation;
  const tokens = createTokens({ secret: randomBytes(32), issuer: 'installation-under-test' });
  const logged: string[] = [];
  const server = createServer(kernel, {
    tokens,
    localPerson: true,
    known: kernel.known,
    sessions: { secret: installation.disk.secret, now: () => installation.clock.now.getTime() },
    log: (message) => void logged.push(message),
    ...options,
  });
  const { port, url } = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    port,
    installation,
    tokens,
    server,
    logged,
    call: (method, path, { body, headers, signal } = {}) =>
      fetch(url + path, {
        method,
        redirect: 'manual',
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      }),
    async stop() {
      await server.close(0);
      await installation.stop();
    },
  };
}

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
