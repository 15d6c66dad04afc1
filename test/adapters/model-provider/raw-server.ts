import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RawServer {
  readonly url: string;
  /** The bodies of the requests so far. */
  readonly bodies: string[];
  /** The headers of the requests so far. */
  readonly headers: NodeJS.Dict<string | string[]>[];
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** A model server on a free port that does what a test wants on the bare wire. */
export async function serve(handle: (...parts: [...Parameters<RequestListener>, string]) => void): Promise<RawServer> {
  const bodies: string[] = [];
  const headers: RawServer['headers'] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    bodies.push(body);
    headers.push(request.headers);
    handle(request, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    bodies,
    headers,
    connections: () => new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count)))),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function streamFrames(
  response: ServerResponse,
  frames: readonly (string | Uint8Array)[],
  { contentType = 'text/event-stream', end = true } = {},
): void {
  response.writeHead(200, { 'content-type': contentType, connection: 'close' });
  for (const frame of frames) response.write(frame);
  if (end) response.end();
}
