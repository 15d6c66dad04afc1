import type { GuardedFetch } from '../guarded-fetch/port.ts';
import type { McpToken, McpTokens } from './port.ts';

/**
 * Adds a person's token to the requests that go to the origin of their server, and to no others; a request that it was not taken for is made once more
 * with a newer one. Redirects to elsewhere lose it in the guard.
 */
export function authorizedFetch(fetch: GuardedFetch, serverUrl: string, tokens: McpTokens): GuardedFetch {
  const { origin } = new URL(serverUrl);
  return async (url, init = {}) => {
    if (new URL(url).origin !== origin) return fetch(url, init);
    const withToken = ({ token }: McpToken): Promise<Response> => {
      const headers = new Headers(init.headers);
      headers.set('authorization', `Bearer ${token}`);
      return fetch(url, { ...init, headers });
    };
    const token = await tokens.current();
    if (token === undefined) return unauthorized();
    const response = await withToken(token);
    if (response.status !== 401) return response;
    const newer = await tokens.renewed(token.generation);
    if (newer === undefined) return response;
    await response.body?.cancel();
    return withToken(newer);
  };
}

const unauthorized = (): Response => new Response(null, { status: 401 });
