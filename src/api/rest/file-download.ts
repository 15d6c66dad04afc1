import type { Answer } from '../http/answer.ts';

const MEDIA_TYPE = /^[\w.+-]{1,100}\/[\w.+-]{1,100}$/;

/** Bytes that a browser saves and never shows or runs, whatever they say they are. */
export function fileDownload({ filename, mediaType }: { readonly filename: string; readonly mediaType: string | null }, bytes: Uint8Array): Answer {
  const plain = filename.replaceAll(/[^\w. -]/g, '_');
  return {
    status: 200,
    bytes,
    headers: {
      'content-type': mediaType !== null && MEDIA_TYPE.test(mediaType) ? mediaType : 'application/octet-stream',
      'content-disposition': `attachment; filename="${plain}"; filename*=UTF-8''${percentEncoded(filename.toWellFormed())}`,
      'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
    },
  };
}

/** RFC 8187 lets fewer characters stand than `encodeURIComponent` does. */
const percentEncoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
