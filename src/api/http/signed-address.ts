import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { PersonId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal.ts';

/** The signature's part of an address: person, the grant under which it was given out, expiry in ms since 1970, HMAC. */
export const Signed = z.object({ p: PersonId, g: z.string().max(255).optional(), e: z.coerce.number().int(), s: z.string().max(64) });
export type Signed = z.infer<typeof Signed>;
export type Granted = Pick<Principal, 'id' | 'grant'>;

/** What an address is for: its kind, what may be done there, and the id of the thing. */
export type SignedFor = readonly [kind: string, purpose: string, id: string];

export interface SignedAddresses {
  /** Where the caller of the request reaches the server. */
  baseOf(req: IncomingMessage): string;
  /** An address that works without a token until then (ms since 1970), under the path. */
  sign(req: IncomingMessage, path: string, what: SignedFor, who: Granted, expires: number): { readonly url: string; readonly expiresAt: string };
  /** Whom an address was made for, while it is good; whether its grant still is remains to be asked. */
  bearer(what: SignedFor, signed: Signed): Granted | undefined;
}

/** Addresses for what follows no headers, as `<img src>`, a link and a plain PUT do: each for one thing, one person, one purpose and a time. */
export function createSignedAddresses(secret: Buffer, publicUrl: string | undefined): SignedAddresses {
  const signature = (what: SignedFor, { id, grant }: Granted, expires: number): Buffer =>
    createHmac('sha256', secret)
      .update(JSON.stringify([...what, id, expires, ...(grant === undefined ? [] : [grant])]))
      .digest();
  const baseOf = (req: IncomingMessage): string => {
    if (publicUrl !== undefined) return publicUrl.replace(/\/$/, '');
    const host = req.headers.host ?? '';
    return req.headers.origin === `https://${host}` ? `https://${host}` : `http://${host}`;
  };
  return {
    baseOf,
    sign: (req, path, what, who, expires) => {
      const query = new URLSearchParams({
        p: who.id,
        ...(who.grant === undefined ? {} : { g: who.grant }),
        e: String(expires),
        s: signature(what, who, expires).toString('base64url'),
      });
      return { url: `${baseOf(req)}${path}?${query}`, expiresAt: new Date(expires).toISOString() };
    },
    bearer: (what, { p, g, e, s }) => {
      const who = { id: p, ...(g === undefined ? {} : { grant: g }) };
      const given = Buffer.from(s, 'base64url');
      const right = signature(what, who, e);
      if (e < Date.now() || given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
      return who;
    },
  };
}
