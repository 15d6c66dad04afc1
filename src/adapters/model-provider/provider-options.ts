import type { Access } from './port.ts';
import type { Secrets } from './provider-error.ts';
import { createFetch, type Fetch } from './transport.ts';

export interface ProviderOptions {
  /** What stands before the slash in `provider/model`. */
  readonly name?: string;
  readonly apiKey?: string;
  readonly baseURL?: string;
  readonly fetch?: Fetch;
  /** Milliseconds that listing the models may take. */
  readonly listTimeout?: number;
}

/** Where one call goes, with what key, and how. */
export interface Destination {
  readonly apiKey: string | undefined;
  readonly baseURL: string;
  readonly fetch: Fetch;
  readonly secrets: Secrets;
}

const toPublicPlaces = createFetch({ publicOnly: true });

/** A call with a key of its own sends nothing else that is secret: key and address come from one hand, or the address alone from the installation. */
export function destinationOf(access: Access | undefined, own: Destination): Destination {
  if (access === undefined) return own;
  const { apiKey, baseURL, publicOnly = false } = access;
  if (baseURL === undefined) return { ...own, apiKey, secrets: credentialsOf(apiKey, own.baseURL) };
  const fetch = withNothingBut(apiKey, publicOnly ? toPublicPlaces : own.fetch);
  return { apiKey, baseURL, fetch, secrets: credentialsOf(apiKey, baseURL) };
}

const plainHeaders = /^(accept|content-type|user-agent|anthropic-version|x-stainless-[a-z-]+)$/;

/** SDKs add headers that the environment names, which may hold credentials of the installation. */
function withNothingBut(apiKey: string, fetch: Fetch): Fetch {
  return (input, init) => {
    const given = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
    const isKey = (value: string): boolean => apiKey !== '' && (value === apiKey || value === `Bearer ${apiKey}`);
    const headers = [...given].filter(([name, value]) => plainHeaders.test(name) || isKey(value));
    return fetch(input, { ...init, headers });
  };
}

/** All that must not come out of a provider: its key, and what a base URL carries in front of the `@` and behind the `?`. */
export function credentialsOf(apiKey: string | undefined, baseURL: string): Secrets {
  const url = URL.parse(baseURL);
  const inUrl = url ? [url.username, url.password, ...[...url.searchParams.values()].filter((value) => value.length >= 16)] : [];
  return [apiKey ?? '', ...inUrl].filter((secret) => secret !== '');
}
