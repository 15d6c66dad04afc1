import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

export type LinkPurpose = 'invitation' | 'reset';

/** What a link carries, made from ids and the installation's secret alone: it is stored nowhere, and whoever has the whole log cannot make it. */
export interface Links {
  /** The ids and an HMAC over them and the purpose. */
  make(purpose: LinkPurpose, ...ids: readonly string[]): string;
  /** The ids, when the text is one that was made for this purpose; nothing is looked up for any other. */
  read(purpose: LinkPurpose, text: unknown): readonly string[] | undefined;
}

const LINK = /^(?<ids>[\w-]{1,128}(?:\.[\w-]{1,128}){0,2})\.(?<mac>[\w-]{43})$/;

export function createLinks(secret: Uint8Array): Links {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'annals links', 32));
  const macOf = (purpose: LinkPurpose, ids: readonly string[]): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([purpose, ...ids]))
      .digest();
  return {
    make: (purpose, ...ids) => [...ids, macOf(purpose, ids).toString('base64url')].join('.'),
    read: (purpose, text) => {
      const { ids: all, mac } = (typeof text === 'string' && LINK.exec(text)?.groups) || {};
      if (all === undefined || mac === undefined) return undefined;
      const ids = all.split('.');
      return timingSafeEqual(macOf(purpose, ids), Buffer.from(mac, 'base64url')) ? ids : undefined;
    },
  };
}
