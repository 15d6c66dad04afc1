import { z } from 'zod';

/** Asks the server as nobody yet; what it refuses is thrown with the sentence it gave. */
export async function post<Schema extends z.ZodType>(path: string, schema: Schema, body: unknown): Promise<z.infer<Schema>> {
  const response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return schema.parse(answer);
  const refused = z.object({ detail: z.string() }).safeParse(answer).data?.detail ?? `The server answered ${response.status}.`;
  const wait = Number(response.headers.get('retry-after'));
  throw new Error(response.status === 429 && wait > 0 ? `${refused} Again in ${Math.ceil(wait / 60)} minutes.` : refused);
}

/** What a link carries; it stays out of the history, where others who use this browser could find it. */
export const takeSecret = (): string => {
  const secret = location.hash.slice(1);
  if (secret !== '') {
    history.replaceState(null, '', location.pathname + location.search);
    sessionStorage.setItem(location.pathname, secret);
  }
  return secret || (sessionStorage.getItem(location.pathname) ?? '');
};

/** Both fields for a new password say the same; thrown as a sentence where they do not. */
export function newPassword(fields: FormData): string {
  const [password, again] = [fields.get('password'), fields.get('again')];
  if (password !== again) throw new Error('The two passwords are not the same.');
  return String(password);
}

export const Mailed = z.object({ mailed: z.boolean() });
