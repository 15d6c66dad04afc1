import type { IncomingMessage } from 'node:http';

export interface DoorsOptions {
  /** Further Host names, with or without a port. */
  readonly hosts?: readonly string[];
  /** Further origins whose pages may call. */
  readonly origins?: readonly string[];
  /** Where the server is reached from outside. */
  readonly publicUrl?: string | undefined;
}

/** Under which names the server answers, and pages of which origins may read its answers. */
export interface Doors {
  isListedHost(req: IncomingMessage): boolean;
  /** Called by TLS, or under the name that a proxy serves by TLS; never under a name of this machine, which other servers share. */
  isSecure(req: IncomingMessage): boolean;
  /** The request's Origin is the server's own: as it was called, or as it is reached from outside. */
  isOwnOrigin(req: IncomingMessage): boolean;
  /** The request's Origin, when it is listed. */
  listedOrigin(req: IncomingMessage): string | undefined;
}

const isLoopbackName = (name: string): boolean => name === 'localhost' || name === '[::1]' || /^127(?:[.]\d{1,3}){3}$/.test(name);

export function createDoors({ hosts = [], origins = [], publicUrl }: DoorsOptions): Doors {
  const url = publicUrl === undefined ? undefined : new URL(publicUrl);
  const listed = new Set([...hosts, ...(url ? [url.host] : [])].map((host) => host.toLowerCase()));
  const known = new Set([...origins.map(normalOrigin), ...(url ? [url.origin] : [])]);

  const isListedHost = (req: IncomingMessage): boolean => {
    const host = hostOf(req);
    if (host === undefined) return false;
    const { name, port } = host;
    return (
      listed.has(`${name}${port}`) ||
      listed.has(name) ||
      (isLoopbackName(name) && (port === '' ? (isEncrypted(req) ? 443 : 80) : Number(port.slice(1))) === req.socket.localPort)
    );
  };
  const isOwnOrigin = (req: IncomingMessage): boolean => {
    const { origin, host } = req.headers;
    if (origin === undefined || host === undefined) return false;
    // Behind a proxy nobody here knows which of them the browser speaks.
    return origin === url?.origin || origin === `https://${host.toLowerCase()}` || (!isEncrypted(req) && origin === `http://${host.toLowerCase()}`);
  };
  return {
    isListedHost,
    isSecure: (req) => {
      const host = hostOf(req);
      if (host === undefined || isLoopbackName(host.name)) return false;
      return isEncrypted(req) || (url?.protocol === 'https:' && url.hostname === host.name);
    },
    isOwnOrigin,
    listedOrigin: (req) => {
      const { origin } = req.headers;
      if (origin === undefined) return undefined;
      return isOwnOrigin(req) || known.has(origin) || isLoopbackOrigin(origin) ? origin : undefined;
    },
  };
}

const isEncrypted = ({ socket }: IncomingMessage): boolean => 'encrypted' in socket;

/** Name and `:port` of the one Host header; undefined when it is missing, repeated or malformed. */
function hostOf(req: IncomingMessage): { name: string; port: string } | undefined {
  const given = req.headersDistinct.host;
  const match = given?.length === 1 ? /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/.exec((given[0] ?? '').toLowerCase()) : null;
  return match?.[1] === undefined ? undefined : { name: match[1], port: match[2] ?? '' };
}

const normalOrigin = (origin: string): string => (URL.canParse(origin) ? new URL(origin).origin : origin);

function isLoopbackOrigin(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { origin: normal, hostname, protocol } = new URL(origin);
  return normal === origin && isLoopbackName(hostname) && (protocol === 'http:' || protocol === 'https:');
}
