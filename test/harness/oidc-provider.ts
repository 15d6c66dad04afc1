import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';

export interface Account {
  readonly sub: string;
  readonly name?: string;
  readonly email?: string;
  readonly email_verified?: boolean;
}

/** A real OpenID provider in this process. Whoever comes is `account`; with `asks` its page asks first, as for a browser. */
export interface OidcServer {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  account: Account;
  /** From then on it sends browsers back to this address. */
  serve(callbackUrl: string): void;
  stop(): Promise<void>;
}

export async function startOidcProvider({ demandsPkce, asks = false }: { demandsPkce: boolean; asks?: boolean }): Promise<OidcServer> {
  let handle: ((req: never, res: never) => void) | undefined;
  let provider: Provider | undefined;
  const clientSecret = 'a-secret-that-only-the-two-know';
  const server = createServer(async (req, res) => {
    const { pathname } = new URL(req.url ?? '/', issuer);
    const [, uid] = /^\/interaction\/([\w-]+)$/.exec(pathname) ?? [];
    if (uid === undefined || provider === undefined) return void handle?.(req as never, res as never);
    try {
      const { prompt, params, session, grantId } = await provider.interactionDetails(req, res);
      if (asks && prompt.name === 'login' && req.method === 'GET') {
        const page = `<!doctype html><title>IdP</title><h1>The provider</h1><form method="post"><button>Continue as ${oidc.account.name}</button></form>`;
        return void res.writeHead(200, { 'content-type': 'text/html' }).end(page);
      }
      if (prompt.name === 'login') return await provider.interactionFinished(req, res, { login: { accountId: oidc.account.sub } });
      const grant =
        (grantId === undefined ? undefined : await provider.Grant.find(grantId)) ??
        new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params.client_id) });
      grant.addOIDCScope(String(params.scope));
      await provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
    } catch (error) {
      res.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  const oidc: OidcServer = {
    issuer,
    clientId: 'annals',
    clientSecret,
    account: { sub: 'somebody' },
    serve(callbackUrl) {
      const configuration: Configuration = {
        clients: [
          { client_id: 'annals', client_secret: clientSecret, redirect_uris: [callbackUrl], token_endpoint_auth_method: 'client_secret_post' },
        ],
        pkce: { required: () => demandsPkce },
        claims: { profile: ['name'], email: ['email', 'email_verified'] },
        findAccount: async (_context, sub) => ({ accountId: sub, claims: async () => ({ ...oidc.account, sub }) }),
        features: { devInteractions: { enabled: false } },
        interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
        cookies: { keys: ['only for tests'] },
      };
      provider = new Provider(issuer, configuration);
      handle = provider.callback() as typeof handle;
    },
    stop: () => new Promise((stopped) => void server.close(() => stopped()).closeAllConnections()),
  };
  return oidc;
}
