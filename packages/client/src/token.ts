import { readJson, record, text } from './json.ts';
import { pageOrigin } from './page.ts';

export interface TokenSource {
  /** A bearer token good for at least 30 seconds more, or null when nobody is signed in and strangers are not let in. */
  token(): Promise<string | null>;
  headers(): Promise<Record<string, string>>;
  /** Forgets the cached token: the server refused it. */
  drop(): void;
}

export interface TokenOptions {
  /** `https://host/aui`, without a slash at the end. */
  readonly baseUrl: string;
  readonly getToken?: (() => Promise<string | null>) | undefined;
  readonly anonymous?: (() => Promise<boolean>) | undefined;
}

const SPARE_MS = 30_000;

/**
 * One token for both halves of the client. It comes from `getToken`; without it from whoever the server takes this page for
 * (a login session, or the local person of this machine), which only the same origin can be; otherwise from an anonymous identity kept in this browser.
 */
export function createTokenSource({ baseUrl, getToken, anonymous = async () => true }: TokenOptions): TokenSource {
  const stranger = async () => ((await anonymous()) ? anonymousToken(baseUrl) : null);
  const acquire = getToken ?? (async () => (isSameOrigin(baseUrl) ? await sessionToken(baseUrl) : null) ?? (await stranger()));
  let cached: { token: string; expires: number } | undefined;
  let pending: Promise<string | null> | undefined;

  const refresh = async () => {
    const token = await acquire();
    cached = token === null ? undefined : { token, expires: expiryOf(token) };
    return token;
  };
  const token = async () => {
    if (cached && cached.expires - Date.now() > SPARE_MS) return cached.token;
    pending ??= refresh().finally(() => {
      pending = undefined;
    });
    return pending;
  };
  return {
    token,
    headers: async (): Promise<Record<string, string>> => {
      const value = await token();
      return value === null ? {} : { Authorization: `Bearer ${value}` };
    },
    drop: () => {
      cached = undefined;
    },
  };
}

async function sessionToken(baseUrl: string): Promise<string | null> {
  const response = await post(`${baseUrl}/v1/auth/tokens`);
  if (response.status >= 500 || response.status === 429) throw new Error(`The server could not issue a token (${response.status}).`);
  return response.ok ? text((await readJson(response)).token) : null;
}

async function anonymousToken(baseUrl: string): Promise<string | null> {
  return underLock(`annals:anonymous:${baseUrl}`, async () => {
    const known = readRefreshToken(baseUrl);
    if (known) {
      const response = await post(`${baseUrl}/v1/auth/tokens/refresh`, { refresh_token: known });
      if (response.ok) return keep(baseUrl, await readJson(response));
      if (response.status === 429 || response.status >= 500) throw new Error(`The server could not refresh the token (${response.status}).`);
    }
    const response = await post(`${baseUrl}/v1/auth/tokens/anonymous`);
    return response.ok ? keep(baseUrl, await readJson(response)) : null;
  });
}

function keep(baseUrl: string, answer: Record<string, unknown>): string | null {
  if (answer.refresh_token) storage()?.setItem(refreshKey(baseUrl), JSON.stringify(answer.refresh_token));
  return text(answer.access_token);
}

/** The name AssistantCloud itself uses, so that an app which moves to this client keeps its people. */
const refreshKey = (baseUrl: string) => `aui:refresh_token:${baseUrl}`;

function readRefreshToken(baseUrl: string): string | null {
  const stored = record(parse(storage()?.getItem(refreshKey(baseUrl)) ?? 'null'));
  const expires = Date.parse(text(stored.expires_at) ?? '');
  return expires - Date.now() > SPARE_MS ? text(stored.token) : null;
}

const post = (url: string, body?: object) =>
  fetch(url, {
    method: 'POST',
    credentials: 'same-origin',
    ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  });

function expiryOf(jwt: string): number {
  const payload = jwt.split('.')[1] ?? '';
  const claims = record(parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')) || 'null'));
  return typeof claims.exp === 'number' ? claims.exp * 1000 : 0;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

const isSameOrigin = (url: string) => (pageOrigin() ?? new URL(url).origin) === new URL(url).origin;

/** Null where storage does not exist or is blocked. */
export function storage(): Storage | null {
  try {
    return typeof localStorage === 'undefined' ? null : localStorage;
  } catch {
    return null;
  }
}

const underLock = <Result>(name: string, work: () => Promise<Result>): Promise<Result> =>
  typeof navigator !== 'undefined' && navigator.locks ? navigator.locks.request(name, work) : work();
