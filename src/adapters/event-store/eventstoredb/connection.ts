import { Duplex } from 'node:stream';
import type { EventStoreDBClient } from '@eventstore/db-client';

/** The only line that names the client: a successor is put in here. Lazily, because it takes 150 ms that the embedded shape must not pay. */
const load = () => import('@eventstore/db-client');
export type Library = Awaited<ReturnType<typeof load>>;

/** A client that is replaced by a new one, on a TCP connection of its own, when it has gone silent. */
export interface Connection {
  readonly library: Library;
  client(): EventStoreDBClient;
  /** Cuts all that runs on this client; does nothing when it has been replaced before. */
  renew(silent: EventStoreDBClient): void;
  close(): void;
}

const DEFAULT_KEEP_ALIVE_TIMEOUT_MS = 10_000;
let connections = 0;

/** Connects with the first call, not before. Rejects, without repeating the password, when the connection string cannot be read. */
export async function createConnection(url: string): Promise<Connection> {
  const library = await load();
  const make = () => guarded(clientOf(library, url));
  let current = make();
  return {
    library,
    client: () => current.client,
    renew: (silent) => {
      if (silent !== current.client) return;
      current.close();
      current = make();
    },
    close: () => current.close(),
  };
}

/**
 * gRPC shares one TCP connection among channels whose options are equal, so every client gets another timeout. Refused appends have to throw: the answer
 * the client would give instead names the wrong revision.
 */
function clientOf({ EventStoreDBClient }: Library, url: string): EventStoreDBClient {
  const given = Number(/[?&]keepAliveTimeout=(\d+)/i.exec(url)?.[1] ?? DEFAULT_KEEP_ALIVE_TIMEOUT_MS);
  connections += 1;
  const settings = `keepAliveTimeout=${given + connections}&throwOnAppendFailure=true`;
  try {
    return EventStoreDBClient.connectionString(`${url}${url.includes('?') ? '&' : '?'}${settings}`);
  } catch (error) {
    const found =
      error instanceof Error && /file was not found/i.test(error.message) ? 'a certificate file it names is not there' : 'it cannot be read';
    throw new Error(`The connection string of the event store is wrong, ${found}: it looks like esdb://user:password@host:2113?tls=true.`);
  }
}

/**
 * The client as it survives what it would die of otherwise: an answer nobody waits for any more (all batch appends of a process wait in one table, which
 * any broken stream empties) throws outside every promise, and so do appends that wait for a congested stream when it breaks.
 */
function guarded(client: EventStoreDBClient): { readonly client: EventStoreDBClient; readonly close: () => void } {
  let channel: Promise<unknown> | undefined;
  wrap(client, 'createChannel', (create) => {
    channel = Promise.resolve(create());
    return channel;
  });
  wrap(client, 'GRPCStreamCreator', (create, kind, name, open, ...rest) => {
    const tolerant = typeof open === 'function' && name === 'appendToStream' ? (grpc: unknown) => tolerating(open(grpc)) : open;
    return create(kind, name, tolerant, ...rest);
  });
  const close = (): void => {
    void client.dispose();
    channel?.then(
      (opened) => isChannel(opened) && opened.close(),
      () => undefined,
    );
  };
  return { client, close };
}

type Call = (...args: unknown[]) => unknown;

function wrap(target: object, method: string, around: (inner: Call, ...args: unknown[]) => unknown): void {
  const inner: unknown = Reflect.get(target, method);
  if (typeof inner !== 'function') throw new TypeError(`This client of the event store has no ${method}: it is not the one that this adapter knows.`);
  Reflect.set(target, method, (...args: unknown[]) => around((...inside) => Reflect.apply(inner, target, inside), ...args));
}

function tolerating(stream: unknown): unknown {
  if (!(stream instanceof Duplex)) return stream;
  for (const listener of stream.listeners('data')) {
    stream.off('data', listener as Call);
    stream.on('data', (answer) => {
      try {
        listener(answer);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    });
  }
  wrap(stream, 'write', (write, ...args) => {
    write(...args);
    return true;
  });
  return stream;
}

const isChannel = (value: unknown): value is { close(): void } =>
  typeof value === 'object' && value !== null && 'close' in value && typeof value.close === 'function';
