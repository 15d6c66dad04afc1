import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { Strategy as PkceStrategy, type VerifyFunction } from 'openid-client/passport';
import { Passport, type Strategy as PassportStrategy } from 'passport';
import { Strategy as PlainStrategy } from 'passport-openidconnect';
import { LoginFailed } from './login-failed.ts';
import type { LoginState } from './login-state.ts';
import { needsPkce, type Provider } from './provider.ts';

export type Kept = Pick<LoginState, 'state' | 'nonce' | 'verifier'>;
export interface Proof {
  readonly idToken: string;
  readonly accessToken: string;
}

const random = (): string => randomBytes(24).toString('base64url');
const PROVIDER_MS = 20_000;
const passport = new Passport();

/** Where the browser has to go, and what is to be kept until it comes back. `fresh`: the provider shall ask who it is in any case. */
export async function begin(provider: Provider, callbackUrl: string, fresh: boolean): Promise<{ readonly location: string; readonly kept: Kept }> {
  const kept: { -readonly [Field in keyof Kept]: Kept[Field] } = { state: random(), nonce: random() };
  const strategy = await strategyFor(provider, callbackUrl, kept);
  const session: Record<string, { code_verifier?: string }> = {};
  const outcome = await run(strategy, requestTo(callbackUrl, session), fresh ? { prompt: 'login' } : {});
  if (!('location' in outcome)) throw new LoginFailed('ProviderRefused', 'failure' in outcome ? outcome.failure : undefined);
  const { searchParams } = new URL(outcome.location);
  const verifier = session[SESSION]?.code_verifier;
  return {
    location: outcome.location,
    kept: { state: searchParams.get('state') ?? '', nonce: searchParams.get('nonce') ?? '', ...(verifier === undefined ? {} : { verifier }) },
  };
}

/** What the provider gives for its answer. Throws `LoginFailed`. */
export async function finish(provider: Provider, callbackUrl: string, answer: URLSearchParams, kept: Kept): Promise<Proof> {
  const strategy = await strategyFor(provider, callbackUrl, kept);
  const session = { [SESSION]: { code_verifier: kept.verifier, nonce: kept.nonce, state: kept.state } };
  const outcome = await run(strategy, requestTo(`${callbackUrl}?${answer}`, session), {});
  if (!('proof' in outcome)) throw new LoginFailed('ProviderRefused', 'failure' in outcome ? outcome.failure : undefined);
  return outcome.proof;
}

const SESSION = 'login';
type Verified = (error: Error | null, proof?: object) => void;

async function strategyFor(provider: Provider, callbackURL: string, kept: Kept): Promise<PassportStrategy> {
  const configuration = await provider.configuration();
  const metadata = configuration.serverMetadata();
  const scope = [...provider.scopes];
  if (needsPkce(provider, metadata)) {
    const verify: VerifyFunction = (tokens, verified) => {
      const { id_token: idToken = '', access_token: accessToken } = tokens;
      (verified as Verified)(null, { idToken, accessToken });
    };
    const asking = { name: provider.key, config: configuration, sessionKey: SESSION, callbackURL, scope: ['openid', ...scope].join(' ') };
    const strategy = new PkceStrategy({ ...asking, passReqToCallback: false }, verify);
    // Both are asked for in any case: the verifier is the provider's to check, these are ours.
    const params = strategy.authorizationRequestParams.bind(strategy);
    strategy.authorizationRequestParams = (req, options) => {
      const asked = new URLSearchParams(params(req, options) as URLSearchParams);
      asked.set('state', kept.state);
      asked.set('nonce', kept.nonce);
      return asked;
    };
    return strategy as unknown as PassportStrategy;
  }
  return new PlainStrategy(
    {
      issuer: metadata.issuer,
      authorizationURL: metadata.authorization_endpoint ?? '',
      tokenURL: metadata.token_endpoint ?? '',
      userInfoURL: metadata.userinfo_endpoint ?? '',
      clientID: provider.clientId,
      clientSecret: (await provider.clientSecret?.()) ?? '',
      callbackURL,
      scope,
      nonce: 'yes',
      store: storeOf(kept),
      ...(provider.formPost ? { responseMode: 'form_post' } : {}),
    } as unknown as ConstructorParameters<typeof PlainStrategy>[0],
    ((
      _issuer: string,
      _profile: object,
      _context: object,
      idToken: string,
      accessToken: string,
      _refresh: string,
      _params: object,
      verified: Verified,
    ) => verified(null, { idToken, accessToken })) as ConstructorParameters<typeof PlainStrategy>[1],
  );
}

/** The plain strategy makes a nonce of its own, and leaves the state to us. */
const storeOf = (kept: Kept) => ({
  store: (_req: Request, _context: object, _state: unknown, _meta: object, stored: (error: Error | null, state?: string) => void) =>
    stored(null, kept.state),
  verify: (_req: Request, state: string, verified: (error: Error | null, context?: object | false, state?: unknown) => void) =>
    verified(null, isSame(state, kept.state) ? { nonce: kept.nonce } : false, { message: 'foreign state' }),
});

export const isSame = (one: string, other: string): boolean =>
  one.length === other.length && one !== '' && timingSafeEqual(Buffer.from(one), Buffer.from(other));

/** What strategies look at of a request: its address and a place to keep things. */
function requestTo(address: string, session: object): object {
  const url = new URL(address);
  return {
    method: 'GET',
    url: url.pathname + url.search,
    originalUrl: url.pathname + url.search,
    protocol: url.protocol.slice(0, -1),
    host: url.host,
    headers: { host: url.host },
    get: (name: string) => (name.toLowerCase() === 'host' ? url.host : undefined),
    app: { get: () => () => false },
    socket: {},
    query: Object.fromEntries(url.searchParams),
    session,
  };
}

type Outcome = { readonly location: string } | { readonly proof: Proof } | { readonly failure: unknown };

/** Lets passport try the strategy; what it would write to a response is the outcome. */
function run(strategy: PassportStrategy, request: object, options: object): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  let location = '';
  const response = {
    statusCode: 200,
    setHeader: (name: string, value: string) => {
      if (name === 'Location') location = value;
    },
    end: () => resolve({ location }),
  };
  const answered = (error: unknown, proof: Proof | false, info: unknown): void => resolve(proof ? { proof } : { failure: error ?? info });
  passport.authenticate(strategy, { session: false, ...options }, answered)(request, response, (error: unknown) => resolve({ failure: error }));
  const late = setTimeout(() => resolve({ failure: new Error('the provider did not answer in time') }), PROVIDER_MS);
  return promise.finally(() => clearTimeout(late));
}
