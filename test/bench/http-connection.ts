import { once } from 'node:events';
import { connect } from 'node:net';

export interface Answered {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/** One kept-alive connection that has one request under way at a time. It does as little as possible, because it runs on the cores of what it measures. */
export interface Connection {
  send(request: Buffer): Promise<Answered>;
  close(): void;
}

export interface RequestOptions {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** The bytes of a request, made once. */
export function requestBytes(method: 'GET' | 'POST', url: string, { token, headers = {}, body }: RequestOptions = {}): Buffer {
  const { host, pathname, search } = new URL(url);
  const json = body === undefined ? '' : JSON.stringify(body);
  const lines = [
    `${method} ${pathname}${search} HTTP/1.1`,
    `host: ${host}`,
    ...(token === undefined ? [] : [`authorization: Bearer ${token}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : ['content-type: application/json', `content-length: ${Buffer.byteLength(json)}`]),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${json}`);
}

/** Reads answers with a content-length, the only kind that the measured routes give. */
export async function openConnection(url: string): Promise<Connection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  await once(socket, 'connect');
  let received: Buffer = Buffer.alloc(0);
  let waiting: PromiseWithResolvers<Answered> | undefined;
  let lost: Error | undefined;
  const fail = (error: Error): void => {
    lost ??= error;
    waiting?.reject(lost);
  };
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('The server closed the connection.')));
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const end = received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = received.toString('latin1', 0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) return fail(new Error(`An answer without a content-length: ${head}`));
    const last = end + 4 + Number(length);
    if (received.length < last) return;
    const body = received.toString('utf8', end + 4, last);
    received = received.subarray(last);
    waiting?.resolve({ status: Number(head.slice(9, 12)), headers: head, body });
  });
  return {
    send(request) {
      if (lost) return Promise.reject(lost);
      waiting = Promise.withResolvers();
      socket.write(request);
      return waiting.promise;
    },
    close: () => void socket.destroy(),
  };
}

export interface Load {
  readonly perSecond: number;
  readonly latencies: readonly number[];
}

/** The work with connections of its own: a server closes those that are idle for seconds. */
export async function withConnections<Result>(
  url: string,
  count: number,
  work: (connections: readonly Connection[]) => Promise<Result>,
): Promise<Result> {
  const connections = await Promise.all(Array.from({ length: count }, () => openConnection(url)));
  try {
    return await work(connections);
  } finally {
    for (const connection of connections) connection.close();
  }
}

/** One connection for each request sends it again and again, for so long. Throws at the first answer that is no success. */
export const underLoad = (url: string, forMs: number, requests: readonly Buffer[]): Promise<Load> =>
  withConnections(url, requests.length, (connections) => repeating(connections, forMs, requests));

async function repeating(connections: readonly Connection[], forMs: number, requests: readonly Buffer[]): Promise<Load> {
  const latencies: number[] = [];
  const start = performance.now();
  const until = start + forMs;
  await Promise.all(
    connections.map(async (connection, index) => {
      const request = requests[index] ?? Buffer.alloc(0);
      for (let sent = performance.now(); sent < until; ) {
        await success(connection, request);
        const answered = performance.now();
        latencies.push(answered - sent);
        sent = answered;
      }
    }),
  );
  return { perSecond: (latencies.length / (performance.now() - start)) * 1000, latencies };
}

export const sendOnce = (url: string, request: Buffer): Promise<Answered> =>
  withConnections(url, 1, async ([connection]) => {
    if (!connection) throw new Error('There is no connection.');
    return success(connection, request);
  });

export async function success(connection: Connection, request: Buffer): Promise<Answered> {
  const answered = await connection.send(request);
  if (answered.status >= 300) throw new Error(`${answered.status}: ${answered.body}`);
  return answered;
}
