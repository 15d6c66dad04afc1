import { once, setMaxListeners } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

type Direction = 'toServer' | 'toClient';

/** Stands between a client and its server, and does what networks do. One fault is in force at a time: the one told last. */
export interface FaultProxy {
  readonly host: string;
  readonly port: number;
  /** `host:port` */
  readonly address: string;
  /** Resets every connection, and each new one as soon as it is made. */
  cut(): void;
  /** Every byte comes this many ms later, in order, in both directions. */
  delay(ms: number): void;
  /** Connections stay and new ones are made, but nothing comes through in this direction, neither bytes nor ends; in both when none is named. */
  halfOpen(direction?: Direction): void;
  /** As if nothing had been: what was held back comes through, on the same port. */
  heal(): void;
  close(): Promise<void>;
}

interface Fault {
  readonly cut?: boolean;
  readonly delayMs?: number;
  readonly held?: readonly Direction[];
}

export async function startFaultProxy(server: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  let fault: Fault = {};
  let replaced = new AbortController();

  const force = (next: Fault): void => {
    fault = next;
    replaced.abort();
    replaced = new AbortController();
    setMaxListeners(0, replaced.signal);
    if (next.cut) for (const socket of sockets) socket.resetAndDestroy();
  };

  /** Resolves when something may come through in this direction. */
  const clear = async (direction: Direction): Promise<void> => {
    const { signal } = replaced;
    const { held, delayMs } = fault;
    if (held?.includes(direction)) await once(signal, 'abort').then(() => clear(direction));
    else if (delayMs) await sleep(delayMs, undefined, { signal }).catch(() => clear(direction));
  };

  const pass = async (from: Socket, to: Socket, direction: Direction): Promise<void> => {
    try {
      // A write that fails must not end the side it was read from: that end, too, may be held back.
      for await (const bytes of from.iterator({ destroyOnReturn: false })) {
        await clear(direction);
        await written(to, bytes);
      }
      await clear(direction);
      to.end();
    } catch {
      await clear(direction);
      to.resetAndDestroy();
    }
  };

  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  };

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    keep(client);
    if (fault.cut) return void client.resetAndDestroy();
    const upstream = connect({ ...server, allowHalfOpen: true });
    keep(upstream);
    void pass(client, upstream, 'toServer');
    void pass(upstream, client, 'toClient');
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { address: host, port } = listener.address() as AddressInfo;

  return {
    host,
    port,
    address: `${host}:${port}`,
    cut: () => force({ cut: true }),
    delay: (delayMs) => force({ delayMs }),
    halfOpen: (direction) => force({ held: direction ? [direction] : ['toServer', 'toClient'] }),
    heal: () => force({}),
    async close() {
      const closed = once(listener, 'close');
      listener.close();
      force({ cut: true });
      await closed;
    },
  };
}

/** Resolves when the bytes have been handed on, so that a slow reader slows its writer. */
const written = (to: Socket, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    to.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
