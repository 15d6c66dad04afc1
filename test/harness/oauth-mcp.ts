import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import Provider, { type Configuration } from 'oidc-provider';

/** A real authorization server and a real MCP server in this process, which takes no other tokens than those of it. */
export interface OAuthMcp {
  /** Of the MCP server. */
  readonly url: string;
  readonly issuer: string;
  /** Whom the authorization server lets in, without asking. */
  account: string;
  /** Tokens that the MCP server does not take any more. */
  readonly refused: Set<string>;
  /** With which tokens it was called, one a request. */
  readonly tokens: (string | undefined)[];
  /** Requests to the authorization server for tokens, by kind. */
  readonly grants: string[];
  /** Instead of renewing tokens: this status, and where it is 400, that they are good no more. */
  refuses?: number | undefined;
  /** Where the MCP server sends requests on to. */
  movedTo?: string | undefined;
  /** As a browser: from the address to log in to what the redirect brings back. */
  browse(location: string): Promise<URLSearchParams>;
  stop(): Promise<void>;
}

const METADATA = '/.well-known/oauth-protected-resource/mcp';

export async function startOAuthMcp({ ttl = 3600 }: { ttl?: number } = {}): Promise<OAuthMcp> {
  let handleAuth: (req: IncomingMessage, res: ServerResponse) => unknown = () => undefined;
  const authServer = createServer((req, res) => void handleAuth(req, res));
  const issuer = await listening(authServer);
  let handleMcp: (req: IncomingMessage, res: ServerResponse) => unknown = () => undefined;
  const mcpServer = createServer((req, res) => void handleMcp(req, res));
  const url = `${await listening(mcpServer)}/mcp`;
  const state: OAuthMcp = {
    url,
    issuer,
    account: 'somebody',
    refused: new Set(),
    tokens: [],
    grants: [],
    browse: (location) => browse(location),
    stop: async () => {
      for (const server of [authServer, mcpServer]) await new Promise<void>((done) => void server.close(() => done()).closeAllConnections());
    },
  };
  const provider = new Provider(issuer, configuration(url, ttl));
  const callback = provider.callback();
  handleAuth = async (req, res) => {
    const { pathname } = new URL(req.url ?? '/', issuer);
    if (pathname.startsWith('/interaction/')) return consent(provider, state, req, res);
    if (pathname !== '/token') return callback(req, res);
    const body = await textOf(req);
    const kind = String(new URLSearchParams(body).get('grant_type'));
    state.grants.push(kind);
    if (kind === 'refresh_token' && state.refuses !== undefined)
      return res.writeHead(state.refuses, { 'content-type': 'application/json' }).end(state.refuses === 400 ? '{"error":"invalid_grant"}' : 'away');
    Object.assign(req, { body });
    return callback(req, res);
  };
  handleMcp = protectedMcp(provider, state);
  return state;
}

const configuration = (resource: string, ttl: number): Configuration => ({
  scopes: ['openid', 'offline_access', 'tools'],
  pkce: { required: () => true },
  features: {
    registration: { enabled: true },
    revocation: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: 'tools', audience: resource, accessTokenTTL: ttl, accessTokenFormat: 'opaque' }),
    },
  },
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  findAccount: async (_context, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  cookies: { keys: ['only for tests'] },
});

/** Lets in whoever the account says, with all that is asked for. */
async function consent(provider: Provider, { account, url }: OAuthMcp, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(req, res);
  if (prompt.name === 'login') return provider.interactionFinished(req, res, { login: { accountId: account } });
  const grant = new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params.client_id) });
  grant.addOIDCScope(String(params.scope));
  grant.addResourceScope(url, 'tools');
  return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

function protectedMcp(provider: Provider, state: OAuthMcp) {
  const { origin } = new URL(state.url);
  const handler = toNodeHandler(
    createMcpHandler(({ authInfo }) => {
      const server = new McpServer({ name: 'whose', version: '1.0.0' });
      server.registerTool('whoami', { description: 'Says who has logged in.' }, () => ({
        content: [{ type: 'text', text: String(authInfo?.extra?.sub) }],
      }));
      return server;
    }),
  );
  return async (req: IncomingMessage & { auth?: unknown }, res: ServerResponse): Promise<void> => {
    if (req.url === METADATA) {
      const metadata = { resource: state.url, authorization_servers: [state.issuer], scopes_supported: ['tools'] };
      return void res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(metadata));
    }
    if (!req.url?.startsWith('/mcp')) return void res.writeHead(404).end();
    const token = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1];
    state.tokens.push(token);
    if (state.movedTo !== undefined) return void res.writeHead(307, { location: state.movedTo }).end();
    const known = token === undefined || state.refused.has(token) ? undefined : await provider.AccessToken.find(token);
    if (token === undefined || !known) {
      req.resume();
      return void res.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${origin}${METADATA}"` }).end();
    }
    req.auth = { token, clientId: String(known.clientId), scopes: [], extra: { sub: known.accountId } };
    await handler(req as never, res as never);
  };
}

async function browse(start: string): Promise<URLSearchParams> {
  const jar = new Map<string, string>();
  let location = new URL(start);
  for (let hops = 0; hops < 12; hops++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(location, { redirect: 'manual', headers: cookie ? { cookie } : {} });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    const next = response.headers.get('location');
    if (next === null) throw new Error(`${location.pathname} answers ${response.status}: ${(await response.text()).slice(0, 500)}`);
    location = new URL(next, location);
    if (location.searchParams.has('state') && (location.searchParams.has('code') || location.searchParams.has('error'))) return location.searchParams;
  }
  throw new Error('It leads nowhere.');
}

const textOf = async (req: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

async function listening(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
