import { randomBytes } from 'node:crypto';
import { assistantUiRoutes } from '../../../src/api/assistant-ui/index.ts';
import { createTokens } from '../../../src/api/http/identity/tokens.ts';
import { exportAddressRoutes } from '../../../src/api/rest/archives.ts';
import { createServer, type ServerOptions } from '../../../src/api/server.ts';
import type { Kernel } from '../../../src/main/kernel-parts.ts';
import { type StartOptions, startAnnals } from '../../harness/memory-annals.ts';
import { createStoryProvider } from './story-model.ts';

export interface BrowserServer {
  readonly baseUrl: string;
  stop(): Promise<void>;
}

/** The real server on a port of its own, with an empty store and a model that answers as `script` says. */
export async function startServer(more: (kernel: Kernel) => Partial<ServerOptions> = () => ({}), annals: StartOptions = {}): Promise<BrowserServer> {
  const clock = {
    get now() {
      return new Date();
    },
  };
  const installation = await startAnnals({ providers: [createStoryProvider()], clock, headsEveryMs: 500, ...annals });
  const secret = randomBytes(32);
  const { kernel } = installation;
  const server = createServer(kernel, {
    tokens: createTokens({ secret, issuer: 'browser-test' }),
    localPerson: true,
    known: kernel.known,
    sessions: { secret: randomBytes(32) },
    routes: [...assistantUiRoutes({ secret }), ...exportAddressRoutes({ secret })],
    ...more(kernel),
  });
  const { url } = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    baseUrl: url,
    async stop() {
      await server.close(0);
      await installation.stop();
    },
  };
}

/** What is said to the model, and what it answers. */
export const script = {
  /** Answered at once, in a few words. */
  short: { ask: 'Hello there', answer: 'demonstration model' },
  /** Answered over several seconds: long enough to stop it or to reload in the middle. */
  long: { ask: 'Tell me a long tale', begins: 'Line 2 of a long tale', ends: 'Line 40 of a long tale' },
  /** The model asks for a tool that needs a person's permission. */
  mail: {
    ask: '/call postcard {"to":"ada@example.com"}',
    tool: 'postcard',
    argument: 'ada@example.com',
    allowed: 'answered:',
    denied: 'failed:',
  },
  /** The first request fails, the next is answered. */
  failing: { ask: 'please fail once', error: 'not reachable right now', answer: 'demonstration model' },
  /** Code, a table and a remote picture. */
  rich: { ask: 'Give me the tour', code: 'export const square', picture: 'A remote picture' },
  /** A thought before the answer. */
  thoughts: { ask: '/think I should look that up\n/echo It was a comet', thought: 'I should look that up', answer: 'It was a comet' },
} as const;
