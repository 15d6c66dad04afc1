import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';

export interface Listening {
  readonly port: number;
  /** `http://host:port`, an IPv6 host in brackets. */
  readonly url: string;
}

export interface Limits {
  readonly headersMs: number;
  /** For a whole request, uploads included; what a route may take to read its body is shorter. */
  readonly requestMs: number;
  readonly maxConnections: number;
}
export const defaultLimits: Limits = { headersMs: 15_000, requestMs: 300_000, maxConnections: 2000 };

/** What a server shows to whoever connects, in PEM. */
export interface Credentials {
  readonly cert: Buffer;
  readonly key: Buffer;
}
export type WebServer = Server | HttpsServer;

/** Speaks TLS (1.2 or later) where there are credentials. */
export function httpServer(handler: RequestListener, { headersMs, requestMs, maxConnections }: Limits, credentials?: Credentials): WebServer {
  const connectionsCheckingInterval = Math.max(100, Math.min(5000, Math.floor(headersMs / 3)));
  const limits = { headersTimeout: headersMs, requestTimeout: requestMs, connectionsCheckingInterval };
  const server = credentials
    ? createHttpsServer({ ...limits, ...credentials, minVersion: 'TLSv1.2', handshakeTimeout: headersMs }, handler)
    : createHttpServer(limits, handler);
  server.maxConnections = maxConnections;
  return server;
}

export function listenOn(server: WebServer, { host, port }: { readonly host: string; readonly port: number }): Promise<Listening> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host.replace(/^\[(.*)\]$/, '$1'), () => {
      server.off('error', reject);
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      resolve({
        port: bound,
        url: `http${isSecure(server) ? 's' : ''}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${bound}`,
      });
    });
  });
}

export const isSecure = (server: WebServer): server is HttpsServer => 'setSecureContext' in server;

/** Takes no more connections, waits that long for the requests under way, then cuts them off. */
export function closeServer(server: WebServer, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
