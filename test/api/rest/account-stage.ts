import { expect } from 'vitest';
import { START } from '../../../src/adapters/event-store/port.ts';
import { createArgon2 } from '../../../src/adapters/password-hash/argon2.ts';
import type { PasswordHashes } from '../../../src/adapters/password-hash/port.ts';
import { type PlayedPost, playedPost, secretIn } from '../../harness/played-post.ts';
import { startServer, type TestServer } from '../http/start-server.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server answers
  readonly json: any;
}
export type Headed = Readonly<Record<string, string>>;

export const GOOD = 'nine purple bicycles';
const proxies = { addresses: ['127.0.0.1', '::1'], secret: 'a secret between proxy and server' };

export interface AccountStage {
  readonly server: TestServer;
  readonly mail: PlayedPost;
  /** Every time that a password was hashed. */
  readonly hashed: string[];
  /** The time of day, which can be moved on (ms). */
  readonly clock: { ahead: number; readonly now: Date };
  /** Whoever calls without headers is the local person, an administrator. */
  call(method: string, path: string, body?: unknown, headers?: Headed): Promise<Answer>;
  /** A client at another address each time, or at this one. */
  elsewhere(address?: string): Headed;
  /** The headers of a page in a browser that has been given the answer's cookie. */
  inBrowser(answer: Answer): Headed;
  /** Somebody new with an account, logged in. */
  somebody(roles?: readonly string[]): Promise<{ email: string; person: string; browser: Headed }>;
  statusAs(headers: Headed, path?: string): Promise<number>;
  /** The text of every event, and of what stands in them. */
  log(): Promise<string>;
}

/** A server at which people have accounts with a password, and mails are kept instead of sent. */
export async function accountStage({ passwords = true, registration = true, post = true } = {}): Promise<AccountStage> {
  const clock = {
    ahead: 0,
    get now() {
      return new Date(Date.now() + this.ahead);
    },
  };
  const mail = playedPost();
  const argon2 = createArgon2();
  const hashed: string[] = [];
  const hashes: PasswordHashes = {
    hash: (password) => {
      hashed.push('hash');
      return argon2.hash(password);
    },
    verify: (hash, password) => {
      hashed.push('verify');
      return argon2.verify(hash, password);
    },
  };
  const server = await startServer({
    annals: { clock, hashes, ...(post ? { post: mail.post } : {}) },
    server: { accounts: { passwords, registration }, proxies },
  });
  let people = 0;
  let addresses = 0;

  const call: AccountStage['call'] = async (method, path, body, headers = {}) => {
    const response = await server.call(method, path, { ...(body === undefined ? {} : { body }), headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: text.startsWith('{') ? JSON.parse(text) : text };
  };
  const elsewhere: AccountStage['elsewhere'] = (address = `203.0.113.${++addresses}`) => ({
    'x-annals-proxy-secret': proxies.secret,
    'x-forwarded-for': address,
  });
  const inBrowser: AccountStage['inBrowser'] = ({ headers }) => ({
    cookie: (headers.get('set-cookie') ?? '').split(';')[0] ?? '',
    origin: server.url,
    'sec-fetch-site': 'same-origin',
  });

  return {
    server,
    mail,
    hashed,
    clock,
    call,
    elsewhere,
    inBrowser,
    async somebody(roles = ['member']) {
      const email = `somebody${++people}@example.org`;
      const { json } = await call('POST', '/api/invitations', { roles });
      const made = await call('POST', '/api/invitations/redeem', { secret: secretIn(json.link), email, name: 'Somebody', password: GOOD });
      expect(made.status).toBe(201);
      return { email, person: made.json.person, browser: inBrowser(made) };
    },
    statusAs: async (headers, path = '/api/me') => (await call('GET', path, undefined, headers)).status,
    async log() {
      const texts: string[] = [];
      const stop = new AbortController();
      for await (const { events, caughtUp } of server.installation.disk.store.tail(START, { signal: stop.signal })) {
        for (const { stream, data, metadata } of events) texts.push(JSON.stringify([stream, data, metadata]));
        if (caughtUp) break;
      }
      stop.abort();
      return texts.join('\n');
    },
  };
}
