import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { ProviderConfig } from '../../src/api/http/login/provider.ts';

/** A provider that says whatever a test wants it to say. */
export interface FakeOpenId {
  readonly issuer: string;
  /** What the next code is good for: the claims of the ID token, over the right ones; or the whole token, made of the right claims. */
  next: JWTPayload | ((right: JWTPayload) => Promise<string>);
  userinfo: Record<string, unknown> | undefined;
  /** What the last request for tokens said. */
  readonly asked: URLSearchParams[];
  /** How often a code has been redeemed. */
  config(more?: Partial<ProviderConfig>): ProviderConfig;
  sign(claims: JWTPayload): Promise<string>;
  stop(): Promise<void>;
}

export async function startFakeOpenId(document: Record<string, unknown> = {}): Promise<FakeOpenId> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  const asked: URLSearchParams[] = [];
  const spent = new Set<string>();
  const server = createServer(async (req, res) => {
    const { pathname } = new URL(req.url ?? '/', fake.issuer);
    const answer = (status: number, body: unknown) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (pathname === '/.well-known/openid-configuration')
      return answer(200, {
        issuer: fake.issuer,
        authorization_endpoint: `${fake.issuer}/authorize`,
        token_endpoint: `${fake.issuer}/token`,
        jwks_uri: `${fake.issuer}/keys`,
        userinfo_endpoint: `${fake.issuer}/me`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        ...document,
      });
    if (pathname === '/keys') return answer(200, { keys: [jwk] });
    if (pathname === '/me') return fake.userinfo ? answer(200, fake.userinfo) : answer(404, {});
    if (pathname !== '/token') return answer(404, {});
    const body = new URLSearchParams(await new Response(req as never).text());
    asked.push(body);
    const code = body.get('code') ?? '';
    if (spent.has(code)) return answer(400, { error: 'invalid_grant' });
    spent.add(code);
    const right = { iss: fake.issuer, aud: 'annals', sub: 'ada', nonce: code.slice(code.indexOf('.') + 1) };
    const token = typeof fake.next === 'function' ? await fake.next(right) : await fake.sign({ ...right, ...fake.next });
    return answer(200, { access_token: 'at', token_type: 'Bearer', expires_in: 60, id_token: token });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fake: FakeOpenId = {
    issuer,
    next: {},
    userinfo: undefined,
    asked,
    config: (more = {}) => ({
      key: 'fake',
      label: 'Fake',
      issuer,
      clientId: 'annals',
      clientSecret: async () => 'secret',
      pkce: 'off',
      scopes: ['profile', 'email'],
      ...more,
    }),
    sign: (claims) => {
      const { iat, exp, ...rest } = claims;
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT(rest)
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .setIssuedAt(iat ?? now)
        .setExpirationTime(exp ?? now + 60)
        .sign(privateKey);
    },
    stop: () => new Promise((stopped) => void server.close(() => stopped()).closeAllConnections()),
  };
  return fake;
}
