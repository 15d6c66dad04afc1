import type { IncomingMessage } from 'node:http';
import { FileId } from '../../domain/ids.ts';
import { createSignedAddresses, type Granted, type Signed } from '../http/signed-address.ts';
import type { FileLinks } from './wire/file-links.ts';

export const FILES_PATH = '/aui/v1/files/';
const READ_MS = 24 * 3600_000;
const UPLOAD_MS = 15 * 60_000;
/** Addresses of one hour are equal, so that browsers keep the picture. */
const STEP_MS = 3600_000;

type Purpose = 'read' | 'upload';

export interface FileAddresses {
  /** How this person's files are named towards the caller of the request. */
  links(req: IncomingMessage, who: Granted): FileLinks;
  read(req: IncomingMessage, who: Granted, fileId: FileId): { readonly url: string; readonly expiresAt: string };
  upload(req: IncomingMessage, who: Granted, fileId: FileId): { readonly url: string; readonly expiresAt: string };
  /** Whom an address was made for, while it is good; whether its grant still is remains to be asked. */
  bearer(purpose: Purpose, fileId: FileId, signed: Signed): Granted | undefined;
}

/** Addresses of files that work without a token, as `<img src>` and a plain PUT need them. */
export function createFileAddresses(secret: Buffer, publicUrl: string | undefined): FileAddresses {
  const signed = createSignedAddresses(secret, publicUrl);
  const address = (req: IncomingMessage, purpose: Purpose, who: Granted, fileId: FileId, expires: number) =>
    signed.sign(req, FILES_PATH + fileId, ['file', purpose, fileId], who, expires);
  const read: FileAddresses['read'] = (req, who, fileId) => address(req, 'read', who, fileId, Math.ceil(Date.now() / STEP_MS) * STEP_MS + READ_MS);

  return {
    read,
    upload: (req, who, fileId) => address(req, 'upload', who, fileId, Date.now() + UPLOAD_MS),
    links: (req, who) => {
      const prefixes = [FILES_PATH, `${signed.baseOf(req)}${FILES_PATH}`];
      return {
        urlOf: (fileId) => read(req, who, fileId).url,
        idOf: (url) => {
          const prefix = prefixes.find((start) => url.startsWith(start));
          return prefix === undefined ? undefined : FileId.safeParse(url.slice(prefix.length).split(/[/?#]/, 1)[0]).data;
        },
      };
    },
    bearer: (purpose, fileId, given) => signed.bearer(['file', purpose, fileId], given),
  };
}
