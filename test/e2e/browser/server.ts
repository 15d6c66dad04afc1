import { startMockServer } from '../../web/mock-server.ts';

export interface BrowserServer {
  readonly baseUrl: string;
  stop(): Promise<void>;
}

/** The server under test, on a port of its own, with an empty store and a model that answers as `script` says. */
export const startServer = (): Promise<BrowserServer> => startMockServer({ dist: 'web/dist' });

/** What is said to the model, and what it answers. */
export const script = {
  /** Answered at once, in a few words. */
  short: { ask: 'Hello there', answer: 'You said: Hello there' },
  /** Answered over several seconds: long enough to stop it or to reload in the middle. */
  long: { ask: 'Tell me a long tale', begins: 'Line 2 of a long tale', ends: 'Line 40 of a long tale' },
  /** The model asks for the tool `send_mail`, which needs a person's permission. */
  mail: {
    ask: 'Send a mail to Ada',
    tool: 'send mail',
    argument: 'ada@example.com',
    allowed: 'the mail to Ada is on its way',
    denied: 'I have not sent it',
  },
  /** The first request fails, the next is answered. */
  failing: { ask: 'please fail once', error: 'not reachable right now', answer: 'You said: please fail once' },
  /** Code, a table and a remote picture. */
  rich: { ask: 'Give me the tour', code: 'export const square', picture: 'A remote picture' },
  /** A thought, a tool call that needs no permission, a web page and a document as sources. */
  sources: { ask: 'Name your sources', thought: 'I should look that up', tool: 'web search', page: 'Halley’s Comet', document: 'Chronicle, page 12' },
} as const;
