import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Cable {
  /** For the browser's `proxy` option. */
  readonly server: string;
  /** Breaks every connection, those in use included. */
  cut(): void;
  mend(): void;
  remove(): void;
}

/** A proxy between the browser and the server that can be cut like a cable. */
export async function layCable(): Promise<Cable> {
  let isCut = false;
  const proxy = createServer((req, res) => {
    if (isCut) return res.destroy();
    const onward = request(req.url ?? '', { method: req.method ?? 'GET', headers: req.headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    res.on('close', () => onward.destroy());
    return req.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    server: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      proxy.closeAllConnections();
    },
    mend() {
      isCut = false;
    },
    remove() {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}
