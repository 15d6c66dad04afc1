import { connect, isIP, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type ISocketFactoryArgs, Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';
import './kafka-repair.ts';

export interface KafkaLogin {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

export interface KafkaSettings {
  /** `host:port` of some of them; the others are found through these. */
  readonly brokers: readonly string[];
  /** TLS, with the authority's certificate in PEM form where the system does not know it. */
  readonly ssl?: boolean | { readonly ca: string };
  readonly sasl?: KafkaLogin;
  /** One sentence when the brokers stop doing what they are asked, one when they go on. */
  readonly log: (message: string) => void;
  /** After so many ms without an answer a connection counts as dead. */
  readonly requestTimeoutMs?: number;
}

/** kafkajs with sockets of its own: they can be cut at once, after which nothing connects any more and every request fails. */
export interface KafkaClient {
  readonly kafka: Kafka;
  cut(): void;
}

/** Rides over a moment's trouble; anything longer is the caller's, who begins anew. */
export const briefRetry = { initialRetryTime: 10, factor: 0.2, multiplier: 2, maxRetryTime: 500, retries: 7 } as const;

export function createKafkaClient({ brokers, ssl, sasl, log, requestTimeoutMs = 8000 }: KafkaSettings): KafkaClient {
  const sockets = new Set<Socket>();
  let isCut = false;
  const socketFactory = (args: ISocketFactoryArgs): Socket => {
    const socket = isCut ? new Socket() : opened(args);
    if (isCut) process.nextTick(() => socket.destroy(cutOff()));
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId: 'annals',
    ...(ssl === undefined ? {} : { ssl: typeof ssl === 'boolean' ? ssl : { ca: [ssl.ca] } }),
    ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
    socketFactory,
    connectionTimeout: 3000,
    authenticationTimeout: 5000,
    requestTimeout: requestTimeoutMs,
    retry: briefRetry,
    // What matters reaches us as rejections; KAFKAJS_LOG_LEVEL brings out the rest.
    logLevel: logLevel.NOTHING,
    logCreator:
      () =>
      ({ label, log: { message } }) =>
        log(`kafkajs ${label.toLowerCase()}: ${message}`),
  };
  return {
    kafka: new Kafka(config),
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy(cutOff());
    },
  };
}

/** Rejects when a request was not answered in time: kafkajs would go on asking through the same dead connection. */
export function silence(listen: (hear: (event: RequestTimedOut) => void) => unknown): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  listen(({ payload }) => reject(new Error(`${payload.broker} has not answered a request (${payload.apiName})`)));
  return promise;
}

interface RequestTimedOut {
  readonly payload: { readonly broker: string; readonly apiName: string };
}

const cutOff = (): Error => new Error('the connection was given up');

function opened({ host, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = ssl ? connectTls({ host, port, ...servername, ...ssl }, onConnect) : connect({ host, port }, onConnect);
  return socket.setKeepAlive(true, 10_000).setNoDelay(true);
}

/** The same again, in the form that kafkajs has for each mechanism. */
function saslOf({ mechanism, username, password }: KafkaLogin): SASLOptions {
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
    default:
      return mechanism satisfies never;
  }
}
