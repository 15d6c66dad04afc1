import { createRemoteJWKSet, customFetch as fetchForKeys, type JWTVerifyGetKey } from 'jose';
import * as client from 'openid-client';

/** Somebody else's server where people prove who they are, by OpenID Connect. */
export interface ProviderConfig {
  /** In addresses and in the log: `google`. */
  readonly key: string;
  /** On the button. */
  readonly label: string;
  /** Where its discovery document lies below; a Microsoft issuer may name `common`, `organizations` or `consumers`. */
  readonly issuer: string;
  readonly clientId: string;
  /** Made anew for each use where it is a signed one; undefined for a public client. */
  readonly clientSecret: (() => Promise<string>) | undefined;
  /** `auto`: if the provider says that it knows it. */
  readonly pkce: 'on' | 'off' | 'auto';
  /** Beside `openid`. */
  readonly scopes: readonly string[];
  /** It answers by a POST of its page. */
  readonly formPost?: boolean;
}

export interface Provider extends ProviderConfig {
  /** Its client's configuration, from the discovery document; read again once an hour. Throws `ProviderUnavailable`. */
  readonly configuration: () => Promise<client.Configuration>;
  readonly keys: () => Promise<JWTVerifyGetKey>;
  readonly fetch: typeof fetch;
}

/** The provider does not answer, or not as it should. */
export class ProviderUnavailable extends Error {}

const DISCOVERED_MS = 3600_000;
const TIMEOUT_S = 10;

export function createProvider(config: ProviderConfig, fetchFrom: typeof fetch = fetch): Provider {
  let discovered: { at: number; configuration: Promise<client.Configuration> } | undefined;
  let keys: { from: string; set: JWTVerifyGetKey } | undefined;
  const issuer = new URL(config.issuer);

  const discover = async (): Promise<client.Configuration> => {
    const secret = await config.clientSecret?.();
    const options: client.DiscoveryRequestOptions = {
      timeout: TIMEOUT_S,
      [client.customFetch]: fetchFrom as client.CustomFetch,
      execute: [client.enableNonRepudiationChecks, ...(issuer.protocol === 'http:' ? [client.allowInsecureRequests] : [])],
    };
    const authentication = secret === undefined ? client.None() : client.ClientSecretPost(secret);
    const metadata = secret === undefined ? {} : { client_secret: secret };
    try {
      return await client.discovery(issuer, config.clientId, metadata, authentication, options);
    } catch (error) {
      throw new ProviderUnavailable(`${config.label} does not answer as an OpenID Connect provider does`, { cause: error });
    }
  };
  const configuration = (): Promise<client.Configuration> => {
    if (discovered && performance.now() - discovered.at < DISCOVERED_MS) return discovered.configuration;
    const asked = { at: performance.now(), configuration: discover() };
    discovered = asked;
    asked.configuration.catch(() => {
      if (discovered === asked) discovered = undefined;
    });
    return asked.configuration;
  };
  return {
    ...config,
    fetch: fetchFrom,
    configuration,
    keys: async () => {
      const { jwks_uri: from } = (await configuration()).serverMetadata();
      if (from === undefined) throw new ProviderUnavailable(`${config.label} names no keys to check its signatures with`);
      if (keys?.from !== from)
        keys = { from, set: createRemoteJWKSet(new URL(from), { timeoutDuration: TIMEOUT_S * 1000, [fetchForKeys]: fetchFrom }) };
      return keys.set;
    },
  };
}

/** Microsoft's document for all its tenants names an issuer with a gap, which the token's own tenant fills. */
export function expectedIssuer(metadata: client.ServerMetadata, claims: Readonly<Record<string, unknown>>): string {
  const { issuer } = metadata;
  const { tid } = claims;
  if (!issuer.startsWith('https://login.microsoftonline.com/{tenantid}/')) return issuer;
  return typeof tid === 'string' && /^[0-9a-f-]{36}$/.test(tid) ? issuer.replace('{tenantid}', tid) : '';
}

/** By the strategy that knows PKCE, and tenants, or by the plain one. */
export function needsPkce({ pkce }: ProviderConfig, metadata: ReturnType<client.Configuration['serverMetadata']>): boolean {
  if (metadata.issuer.includes('{tenantid}')) return true;
  return pkce === 'on' || (pkce === 'auto' && metadata.supportsPKCE());
}
