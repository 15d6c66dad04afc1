import type { Secrets } from './provider-error.ts';
import type { Fetch } from './transport.ts';

export interface ProviderOptions {
  /** What stands before the slash in `provider/model`. */
  readonly name?: string;
  readonly apiKey?: string;
  readonly baseURL?: string;
  readonly fetch?: Fetch;
  /** Milliseconds that listing the models may take. */
  readonly listTimeout?: number;
}

/** All that must not come out of a provider: its key, and what a base URL carries in front of the `@` and behind the `?`. */
export function credentialsOf(apiKey: string | undefined, baseURL: string): Secrets {
  const url = URL.parse(baseURL);
  const inUrl = url ? [url.username, url.password, ...[...url.searchParams.values()].filter((value) => value.length >= 16)] : [];
  return [apiKey ?? '', ...inUrl].filter((secret) => secret !== '');
}
