import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';

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

export function httpServer(handler: RequestListener, { headersMs, requestMs, maxConnections }: Limits): Server {
  const connectionsCheckingInterval = Math.max(100, Math.min(5000, Math.floor(headersMs / 3)));
  const server = createHttpServer({ headersTimeout: headersMs, requestTimeout: requestMs, connectionsCheckingInterval }, handler);
  server.maxConnections = maxConnections;
  return server;
}

export function listenOn(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<Listening> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host.replace(/^\[(.*)\]$/, '$1'), () => {
      server.off('error', reject);
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      resolve({ port: bound, url: `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${bound}` });
    });
  });
}

/** Takes no more connections, waits that long for the requests under way, then cuts them off. */
export function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
