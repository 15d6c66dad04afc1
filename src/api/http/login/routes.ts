import type { Request } from 'express';
import { z } from 'zod';
import type { Answer } from '../answer.ts';
import { json } from '../answer.ts';
import { comesFrom } from '../identity/identify.ts';
import { openSession } from '../identity/open-session.ts';
import { createRateLimit } from '../identity/rate-limit.ts';
import { noteOf } from '../note.ts';
import { HttpError } from '../problem.ts';
import type { Visit } from '../request.ts';
import { openRoute, type RouteDefinition } from '../route.ts';
import { claimsOf } from './claims.ts';
import { createEnter, type EnterOptions } from './enter.ts';
import { LoginFailed } from './login-failed.ts';
import { createLoginStates, type LoginState, ownPath } from './login-state.ts';
import { failurePage, givenName } from './page.ts';
import { createProvider, type Provider, type ProviderConfig, ProviderUnavailable } from './provider.ts';
import { begin, finish, isSame } from './strategies.ts';

export interface LoginOptions extends EnterOptions {
  readonly providers: readonly ProviderConfig[];
  /** 32 bytes: keeps what a login has to remember from being read or changed. */
  readonly stateSecret: Uint8Array;
  /** Where the server is reached from outside; default: as the request calls it. */
  readonly publicUrl?: string | undefined;
  /** Whether people may log in with a password too. */
  readonly password?: boolean;
  /** Whether anybody may ask for an account with a password. */
  readonly registration?: boolean;
  /** Instead of the network. */
  readonly fetch?: typeof fetch;
  /** From one address; default 300: behind a proxy that is not trusted everybody comes from there. */
  readonly perMinute?: number;
}

const tags = ['Login'];
const HOME = '/app/';
/** How fresh a session must be that links another way to log in: 15 minutes. */
const RECENT_MS = 900_000;
const Params = z.object({ provider: z.string().max(64) });
const page = { contentType: 'text/html' };
const refused = {
  400: { description: 'The login leads nowhere; the page says why.', ...page },
  404: { description: 'There is no such provider here.' },
  429: { description: 'Too many requests from this address.' },
  503: { description: 'The provider does not answer.', ...page },
};

/** Logging in with accounts that people have elsewhere. */
export function loginRoutes(options: LoginOptions): readonly RouteDefinition[] {
  const providers = new Map(options.providers.map((config) => [config.key, createProvider(config, options.fetch)]));
  const states = createLoginStates(options.stateSecret);
  const enter = createEnter(options);
  const limit = createRateLimit(options.perMinute ?? 300);

  const providerOf = ({ provider: key }: z.output<typeof Params>): Provider => {
    const found = providers.get(key);
    if (!found) throw new HttpError('NotFound', 'There is no such provider here.');
    return found;
  };
  const callbackOf = (visit: Visit, { key }: Provider): string => {
    const base = options.publicUrl?.replace(/\/+$/, '') ?? `${visit.kernel.keys.isSecure(visit.req) ? 'https' : 'http'}://${visit.req.headers.host}`;
    return `${base}/login/${key}/callback`;
  };

  const list = openRoute({
    method: 'GET',
    path: '/login/providers',
    summary: 'The ways to log in',
    tags,
    responses: {
      200: {
        description: 'A browser goes to `/login/{provider}`.',
        schema: z.object({ providers: z.array(z.object({ key: z.string(), label: z.string() })), password: z.boolean(), registration: z.boolean() }),
      },
    },
    handle: async () =>
      json(200, {
        providers: options.providers.map(({ key, label }) => ({ key, label })),
        password: options.password ?? false,
        registration: options.registration ?? false,
      }),
  });

  const start = openRoute({
    method: 'GET',
    path: '/login/{provider}',
    summary: 'Go and log in at a provider',
    tags,
    params: Params,
    query: z.object({
      returnTo: z.string().optional().describe('A path of this server, to go to afterwards.'),
      invitation: z
        .string()
        .max(512)
        .optional()
        .describe('What the link of an invitation carries: it makes an account where none is made otherwise.'),
      link: z.literal('1').optional().describe('Instead of logging in: log in this way too from now on.'),
    }),
    responses: { 303: { description: 'To the provider.' }, ...refused },
    handle: async (visit) => {
      limit(visit);
      const provider = providerOf(visit.params);
      return orPage(visit, async () => {
        const returnTo = ownPath(visit.query.returnTo ?? HOME);
        if (returnTo === undefined) throw new LoginFailed('BadReturn');
        const link = visit.query.link === undefined ? undefined : await linking(visit);
        const { location, kept } = await begin(provider, callbackOf(visit, provider), link !== undefined);
        const secure = visit.kernel.keys.isSecure(visit.req);
        const { invitation } = visit.query;
        const more = { ...(link ? { link } : {}), ...(invitation === undefined ? {} : { invitation }) };
        const state = { provider: provider.key, returnTo, ...kept, ...more };
        visit.res.appendHeader('Set-Cookie', await states.keep(state, { secure, crossSite: provider.formPost === true }));
        return { status: 303, headers: { location } };
      });
    },
  });

  /** Checks that the answer belongs to the login of this browser before anything is done with it. */
  const stateOf = async (visit: Visit, provider: Provider, answer: URLSearchParams): Promise<LoginState> => {
    const state = await states.read(visit.req, visit.kernel.keys.isSecure(visit.req));
    if (!state) throw new LoginFailed('StateMissing');
    if (state.provider !== provider.key || answer.getAll('state').length !== 1 || !isSame(answer.get('state') ?? '', state.state))
      throw new LoginFailed('StateForeign');
    const issuer = answer.get('iss');
    const { issuer: known } = (await provider.configuration()).serverMetadata();
    if (issuer !== null && issuer !== known && !known.includes('{tenantid}')) throw new LoginFailed('IssuerForeign');
    return state;
  };

  const callback = async (visit: Visit<z.output<typeof Params>>, answer: URLSearchParams): Promise<Answer> => {
    limit(visit);
    const provider = providerOf(visit.params);
    return orPage(visit, async () => {
      visit.res.appendHeader('Set-Cookie', states.forget(visit.kernel.keys.isSecure(visit.req)));
      const state = await stateOf(visit, provider, answer);
      if (answer.has('error') || !answer.has('code')) throw new LoginFailed('ProviderRefused', answer.get('error'));
      const proof = await finish(provider, callbackOf(visit, provider), answer, state);
      const proven = await claimsOf(provider, proof, state.nonce);
      const name = proven.claims.name ?? givenName(answer.get('user'));
      const method = `oidc:${provider.key}`;
      const completed = { ...proven, claims: { ...proven.claims, ...(name === undefined ? {} : { name }) } };
      if (state.link) await linked(visit, method, completed, state.link);
      else {
        const person = await enter.login(visit, method, completed, state.invitation);
        const { setCookie } = await openSession(visit, { person, method });
        visit.res.appendHeader('Set-Cookie', setCookie);
      }
      return { status: 303, headers: { location: state.returnTo } };
    });
  };

  const linked = async (
    visit: Visit,
    method: string,
    proven: Parameters<typeof enter.link>[2],
    link: NonNullable<LoginState['link']>,
  ): Promise<void> => {
    const { person, sessionId } = link;
    const session = await visit.kernel.identity.session(sessionId);
    if (typeof session === 'string' || session.principal.id !== person) throw new LoginFailed('SessionOver');
    await enter.link(visit, method, proven, person);
    visit.annals.security.record({ kind: 'account-linked', actor: person, ...noteOf(visit) });
  };

  const answered = openRoute({
    method: 'GET',
    path: '/login/{provider}/callback',
    summary: 'Where a provider sends the browser back to',
    tags,
    params: Params,
    responses: { 303: { description: 'Logged in.' }, ...refused },
    handle: (visit) => callback(visit, new URL(visit.req.url, 'http://own.invalid').searchParams),
  });

  const posted = openRoute({
    method: 'POST',
    path: '/login/{provider}/callback',
    summary: 'The same, for providers that answer by a form',
    tags,
    params: Params,
    bytes: { description: 'The form.', contentTypes: ['application/x-www-form-urlencoded'] },
    bodyLimit: 64 * 1024,
    responses: { 303: { description: 'Logged in.' }, 415: { description: 'Not a form.' }, ...refused },
    handle: async (visit) => {
      if (!/^application\/x-www-form-urlencoded\b/i.test(visit.req.headers['content-type'] ?? ''))
        throw new HttpError('UnsupportedMediaType', 'Send a form.');
      return callback(visit, new URLSearchParams(visit.bytes.toString('utf8')));
    },
  });

  return [list, start, answered, posted];
}

/** Who wants to log in another way too: only a page of ours may ask, in a session that was opened just now. */
async function linking({ kernel, req }: { kernel: Visit['kernel']; req: Request }): Promise<NonNullable<LoginState['link']>> {
  if (comesFrom(req, kernel.doors) !== 'ownPage') throw new LoginFailed('ForeignPage');
  const identified = await kernel.identity.identify(req);
  const sessionId = identified.ok ? identified.cameWith?.sessionId : undefined;
  const session = sessionId === undefined ? undefined : await kernel.identity.session(sessionId);
  if (sessionId === undefined || session === undefined || typeof session === 'string') throw new LoginFailed('NotLoggedIn');
  if (kernel.keys.now() - Date.parse(session.session.openedAt) > RECENT_MS) throw new LoginFailed('NotRecent');
  return { person: session.principal.id, sessionId };
}

/** What a browser shows when a login leads nowhere; those who watch over the installation are told. */
async function orPage(visit: Visit, work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LoginFailed) {
      visit.annals.security.record({ kind: 'login-failed', reason: error.code, ...noteOf(visit) });
      return failurePage(error.status, error.message);
    }
    if (!(error instanceof ProviderUnavailable)) throw error;
    visit.kernel.log(`login: ${error.message}: ${error.cause instanceof Error ? error.cause.message : ''}`);
    return failurePage(503, `${error.message}: try again in a moment.`);
  }
}
