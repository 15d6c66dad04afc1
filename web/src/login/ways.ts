import { z } from 'zod';

const Ways = z.object({
  providers: z.array(z.object({ key: z.string(), label: z.string() })),
  password: z.boolean(),
  registration: z.boolean().default(false),
});
export type Ways = z.infer<typeof Ways>;

const none: Ways = { providers: [], password: false, registration: false };

/** How people log in here; on a server where nobody does, in no way. */
export async function fetchWays(): Promise<Ways> {
  const response = await fetch('/login/providers');
  return response.ok ? (Ways.safeParse(await response.json()).data ?? none) : none;
}

const page = `${import.meta.env.BASE_URL}login`;
const doors = ['login', 'register', 'forgotten', 'reset', 'invitation'] as const;
/** The page of somebody who is not in yet; undefined on all others. */
export const doorOf = (path: string): (typeof doors)[number] | undefined => doors.find((door) => path === `${import.meta.env.BASE_URL}${door}`);
export const isLoginPage = (): boolean => doorOf(location.pathname) !== undefined;

/** Where to go afterwards: only the app's own pages. */
export function returnPath(): string {
  const given = new URLSearchParams(location.search).get('returnTo') ?? '';
  return given.startsWith(import.meta.env.BASE_URL) && !given.startsWith(page) ? given : import.meta.env.BASE_URL;
}

/** The address that leads to a provider; `link` adds it to the ways in which this person logs in, `invitation` lets in whoever has its secret. */
export const addressOf = (key: string, { returnTo, link = false, invitation }: { returnTo: string; link?: boolean; invitation?: string }): string =>
  `/login/${encodeURIComponent(key)}?${new URLSearchParams({ returnTo, ...(link ? { link: '1' } : {}), ...(invitation ? { invitation } : {}) })}`;

let leaving: Promise<boolean> | undefined;

/** Goes to the login page, where there is a way to log in; answers whether it goes. What is shown until then is left as it is. */
export function leaveForLogin(): Promise<boolean> {
  leaving ??= (async () => {
    const { providers, password } = await fetchWays().catch(() => none);
    if (providers.length === 0 && !password) {
      leaving = undefined;
      return false;
    }
    const returnTo = location.pathname + location.search;
    if (!isLoginPage()) location.replace(`${page}?${new URLSearchParams({ returnTo })}`);
    return new Promise<boolean>(() => undefined);
  })();
  return leaving;
}

/** Ends the session of this browser. */
export async function logOut(headers: Record<string, string>): Promise<void> {
  const response = await fetch('/api/logout', { method: 'POST', headers });
  if (!response.ok) throw new Error(`The server did not log you out (${response.status}).`);
  location.replace(page);
}
