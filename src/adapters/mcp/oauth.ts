import {
  type AuthorizationServerMetadata,
  auth,
  computeScopeUnion,
  exchangeAuthorization,
  extractWWWAuthenticateParams,
  type FetchLike,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type OAuthTokens,
  refreshAuthorization,
  type StoredOAuthClientInformation,
} from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { Json, JsonObject } from '../../domain/event.ts';
import { loginClient } from '../../domain/mcp/login-client.ts';
import type { GuardedFetch } from '../guarded-fetch/port.ts';
import { BlockedAddress } from '../public-address.ts';
import { loginErrorOf } from './oauth-errors.ts';
import type { FreshGrant, LoginRequest, LoginResult, McpAuthorizer } from './port.ts';

/** Of one request, in ms. */
const REQUEST_MS = 10_000;

const Client = z.looseObject({ client_id: z.string(), client_secret: z.string().optional() });
const Place = z.looseObject({ issuer: z.string().optional(), token_endpoint: z.string().optional(), revocation_endpoint: z.string().optional() });
/** What is needed again of where somebody logs in. */
const Server = z.object({
  url: z.string(),
  client: Client,
  authorizationServer: z.string(),
  metadata: Place.nullable(),
  resource: z.string().nullable(),
});
const Pending = Server.extend({ redirectUrl: z.string(), verifier: z.string() });
const Grant = Server.extend({ tokens: z.looseObject({ access_token: z.string(), refresh_token: z.string().optional() }) });
type Server = z.output<typeof Server>;

/** Of an authorization server's metadata (RFC 8414), all that is used after the first look; the rest may be of any size. */
const USED: readonly string[] = [
  'issuer',
  'authorization_endpoint',
  'token_endpoint',
  'revocation_endpoint',
  'response_types_supported',
  'code_challenge_methods_supported',
  'token_endpoint_auth_methods_supported',
  'authorization_response_iss_parameter_supported',
];

export function createMcpAuthorizer(guarded: GuardedFetch): McpAuthorizer {
  /** A form that is redirected would carry its secrets elsewhere: it is not. */
  const fetchUntil =
    (signal: AbortSignal): FetchLike =>
    (url, init = {}) =>
      guarded(url, {
        ...init,
        signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
        ...(init.method === 'POST' ? { redirect: 'manual' as const } : {}),
      });
  const attempt = async <Value>(work: () => Promise<Value>): Promise<LoginResult<Value>> => {
    try {
      return { ok: true, value: await work() };
    } catch (error) {
      return { ok: false, error: loginErrorOf(error) };
    }
  };
  return {
    begin: (request) => attempt(() => begin(request, fetchUntil(request.signal))),
    finish: (pending, { code, iss, signal }) =>
      attempt(async () => {
        const { redirectUrl, verifier, ...server } = Pending.parse(pending);
        const tokens = await exchangeAuthorization(server.authorizationServer, {
          ...toServer(server),
          authorizationCode: code,
          ...(iss === undefined ? {} : { iss }),
          codeVerifier: verifier,
          redirectUri: redirectUrl,
          fetchFn: fetchUntil(signal),
        });
        return freshGrant(server, tokens);
      }),
    refresh: (grant, signal) =>
      attempt(async () => {
        const { tokens: before, ...server } = Grant.parse(grant);
        const tokens = await refreshAuthorization(server.authorizationServer, {
          ...toServer(server),
          refreshToken: before.refresh_token ?? '',
          fetchFn: fetchUntil(signal),
        });
        return freshGrant(server, tokens);
      }),
    revoke: (grant, signal) => revoke(grant, fetchUntil(signal)).catch(() => false),
    tokenOf: async (grant) => {
      const { url, tokens } = Grant.parse(grant);
      return { url, accessToken: tokens.access_token };
    },
  };
}

/** What the SDK finds out on the way to a login. */
interface Found {
  client?: StoredOAuthClientInformation;
  discovery?: OAuthDiscoveryState;
  location?: URL;
  verifier?: string;
  resource?: string;
}

async function begin(request: LoginRequest, fetchFn: FetchLike): Promise<{ location: string; pending: JsonObject }> {
  const { url, redirectUrl, scopes, more } = request;
  const found: Found = {};
  const challenge = await challengeOf(request, fetchFn);
  const scope = computeScopeUnion(scopes.length > 0 ? scopes.join(' ') : challenge.scope, more);
  await auth(noting(request, found), {
    serverUrl: url,
    fetchFn,
    ...(scope === undefined ? {} : { scope }),
    ...(challenge.resourceMetadataUrl ? { resourceMetadataUrl: challenge.resourceMetadataUrl } : {}),
  });
  const { client, discovery, location, verifier, resource = null } = found;
  if (!location || !client || !discovery || verifier === undefined) throw new Error('There is no way to log in.');
  // Opened by a person's browser, so nothing but an address of the web may stand there.
  if (location.protocol !== 'https:' && location.protocol !== 'http:') throw new BlockedAddress('The login is at no address of the web.');
  const { authorizationServerUrl: authorizationServer, authorizationServerMetadata } = discovery;
  const metadata = authorizationServerMetadata ? picked(authorizationServerMetadata) : null;
  return { location: location.href, pending: { url, client, authorizationServer, metadata, resource, redirectUrl, verifier } as JsonObject };
}

const picked = (metadata: object): JsonObject => Object.fromEntries(Object.entries(metadata).filter(([field]) => USED.includes(field)));

/** Tells the SDK of one login all it asks, and notes what it has to be told again later. */
function noting({ redirectUrl, clientMetadataUrl, clientId, clientSecret, state }: LoginRequest, found: Found): OAuthClientProvider {
  if (clientId !== undefined) found.client = { client_id: clientId, ...(clientSecret === undefined ? {} : { client_secret: clientSecret }) };
  const note = (more: Found): void => void Object.assign(found, more);
  return {
    redirectUrl,
    ...(clientMetadataUrl === undefined ? {} : { clientMetadataUrl }),
    clientMetadata: loginClient(redirectUrl),
    state: () => state,
    clientInformation: () => found.client,
    saveClientInformation: (client) => note({ client }),
    tokens: () => undefined,
    saveTokens: () => undefined,
    saveCodeVerifier: (verifier) => note({ verifier }),
    codeVerifier: () => found.verifier ?? '',
    saveResourceUrl: (resource) => note({ resource }),
    saveDiscoveryState: (discovery) => note({ discovery }),
    discoveryState: () => undefined,
    redirectToAuthorization: (location) => note({ location }),
  };
}

/** What the server says to whoever has no token: where its metadata is, and which scope it wants (RFC 9728 5.1). */
async function challengeOf({ url, transport }: LoginRequest, fetchFn: FetchLike): Promise<ReturnType<typeof extractWWWAuthenticateParams>> {
  const accept = 'application/json, text/event-stream';
  const asked: RequestInit =
    transport === 'sse'
      ? { method: 'GET', headers: { accept } }
      : { method: 'POST', headers: { accept, 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }) };
  const response = await fetchFn(url, asked);
  await response.body?.cancel();
  return response.status === 401 || response.status === 403 ? extractWWWAuthenticateParams(response) : {};
}

const toServer = ({ metadata, client, resource }: Server) => ({
  ...(metadata ? { metadata: metadata as unknown as AuthorizationServerMetadata } : {}),
  clientInformation: client as StoredOAuthClientInformation,
  ...(resource === null ? {} : { resource }),
});

function freshGrant(server: Server, tokens: OAuthTokens): FreshGrant {
  return {
    grant: { ...server, tokens } as unknown as JsonObject,
    issuer: server.metadata?.issuer ?? server.authorizationServer,
    accessToken: tokens.access_token,
    refreshable: tokens.refresh_token !== undefined,
    ...(tokens.expires_in === undefined ? {} : { expiresIn: tokens.expires_in }),
  };
}

/** By RFC 7009; the refresh token first, because most servers end the whole grant with it. */
async function revoke(grant: Json, fetchFn: FetchLike): Promise<boolean> {
  const { metadata, client, tokens } = Grant.parse(grant);
  const endpoint = metadata?.revocation_endpoint;
  if (endpoint === undefined) return false;
  const { client_id, client_secret } = client;
  const given = [
    ['refresh_token', tokens.refresh_token],
    ['access_token', tokens.access_token],
  ] as const;
  let heard = true;
  for (const [token_type_hint, token] of given) {
    if (token === undefined) continue;
    const body = new URLSearchParams({ token, token_type_hint, client_id, ...(client_secret === undefined ? {} : { client_secret }) });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await fetchFn(endpoint, { method: 'POST', headers, body: body.toString() });
    await response.body?.cancel();
    heard &&= response.ok;
  }
  return heard;
}
