import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { FileId, PersonId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal.ts';
import type { FileLinks } from './wire/file-links.ts';

export const FILES_PATH = '/aui/v1/files/';
const READ_MS = 24 * 3600_000;
const UPLOAD_MS = 15 * 60_000;
/** Addresses of one hour are equal, so that browsers keep the picture. */
const STEP_MS = 3600_000;

/** The signature's part of an address: person, the grant under which it was given out, expiry in ms since 1970, HMAC. */
export const Signed = z.object({ p: PersonId, g: z.string().max(255).optional(), e: z.coerce.number().int(), s: z.string().max(64) });
export type Signed = z.infer<typeof Signed>;
type Purpose = 'read' | 'upload';
type Granted = Pick<Principal, 'id' | 'grant'>;

export interface FileAddresses {
  /** How this person's files are named towards the caller of the request. */
  links(req: IncomingMessage, who: Granted): FileLinks;
  read(req: IncomingMessage, who: Granted, fileId: FileId): { readonly url: string; readonly expiresAt: string };
  upload(req: IncomingMessage, who: Granted, fileId: FileId): { readonly url: string; readonly expiresAt: string };
  /** Whom an address was made for, while it is good; whether its grant still is remains to be asked. */
  bearer(purpose: Purpose, fileId: FileId, signed: Signed): Granted | undefined;
}

/** Addresses that work without a token, as `<img src>` and a plain PUT need them: each for one file, one person, one purpose and a time. */
export function createFileAddresses(secret: Buffer, publicUrl: string | undefined): FileAddresses {
  const signature = (purpose: Purpose, fileId: FileId, { id, grant }: Granted, expires: number): Buffer =>
    createHmac('sha256', secret)
      .update(JSON.stringify(['file', purpose, fileId, id, expires, ...(grant === undefined ? [] : [grant])]))
      .digest();

  const baseOf = (req: IncomingMessage): string => {
    if (publicUrl !== undefined) return publicUrl.replace(/\/$/, '');
    const host = req.headers.host ?? '';
    return req.headers.origin === `https://${host}` ? `https://${host}` : `http://${host}`;
  };
  const address = (req: IncomingMessage, purpose: Purpose, who: Granted, fileId: FileId, expires: number) => {
    const query = new URLSearchParams({
      p: who.id,
      ...(who.grant === undefined ? {} : { g: who.grant }),
      e: String(expires),
      s: signature(purpose, fileId, who, expires).toString('base64url'),
    });
    return { url: `${baseOf(req)}${FILES_PATH}${fileId}?${query}`, expiresAt: new Date(expires).toISOString() };
  };
  const read: FileAddresses['read'] = (req, who, fileId) => address(req, 'read', who, fileId, Math.ceil(Date.now() / STEP_MS) * STEP_MS + READ_MS);

  return {
    read,
    upload: (req, who, fileId) => address(req, 'upload', who, fileId, Date.now() + UPLOAD_MS),
    links: (req, who) => {
      const prefixes = [FILES_PATH, `${baseOf(req)}${FILES_PATH}`];
      return {
        urlOf: (fileId) => read(req, who, fileId).url,
        idOf: (url) => {
          const prefix = prefixes.find((start) => url.startsWith(start));
          return prefix === undefined ? undefined : FileId.safeParse(url.slice(prefix.length).split(/[/?#]/, 1)[0]).data;
        },
      };
    },
    bearer: (purpose, fileId, { p, g, e, s }) => {
      const who = { id: p, ...(g === undefined ? {} : { grant: g }) };
      const given = Buffer.from(s, 'base64url');
      const right = signature(purpose, fileId, who, e);
      if (e < Date.now() || given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
      return who;
    },
  };
}
