/** What may have been meant to lead where nobody from outside should come. No path, no query: both can hold secrets. */
export interface Blocked {
  readonly scheme: string;
  readonly host: string;
  readonly reason: 'scheme' | 'userinfo' | 'address' | 'redirects' | 'too large';
}

/**
 * `fetch` for addresses that persons or foreign servers name. Only http and https, no user in the address, no connection to a private network, each step of
 * a redirect looked at anew, answers up to a size. Rejects with an error whose cause is a `BlockedAddress`, or with the code `TooLarge`.
 */
export type GuardedFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;
