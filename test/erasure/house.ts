import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { Outside } from './outside.ts';

/** A server with somebody who administers it. */
export interface House extends Pick<Outside, 'post' | 'toolsUrl'> {
  readonly url: string;
  /** A token of whoever administers it. */
  readonly administrator: string;
}

/** The first to make an account of the server, who administers it. */
export async function openHouse(url: string, { post, toolsUrl }: Pick<Outside, 'post' | 'toolsUrl'>): Promise<House> {
  const email = `operator-${randomBytes(6).toString('hex')}@example.com`;
  const send = async (path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    expect(response.ok, `${path}: ${response.status}`).toBe(true);
    return response;
  };
  await send('/api/registrations', { email });
  const redeemed = await send('/api/invitations/redeem', { secret: await post.secretFor(email), password: 'the passphrase of whoever administers' });
  const cookie = redeemed.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const { token } = (await (await send('/api/tokens', {}, { cookie, origin: url })).json()) as { token: string };
  return { url, administrator: token, post, toolsUrl };
}
