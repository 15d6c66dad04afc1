import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IServerFeaturesServer } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import { type IStreamsServer, StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';
import { serverFeaturesService } from '../servers/eventstoredb/node-info.ts';
import { openStore } from '../servers/eventstoredb/store.ts';
import { streamsService } from '../servers/eventstoredb/streams-service.ts';

type Call<Method extends 'read' | 'batchAppend'> = Parameters<IStreamsServer[Method]>[0];

/** What is done to a call of the server before it is served; `false` leaves it without an answer. */
export interface Alterations {
  readonly read?: (call: Call<'read'>) => unknown;
  readonly batchAppend?: (call: Call<'batchAppend'>) => unknown;
  readonly features?: IServerFeaturesServer;
}

/** Hands the answers of a call to `pass`, which sends those it likes by `send`. */
export function intercept<Answer>(
  call: { write(answer: Answer): boolean },
  pass: (answer: Answer, send: (answer: Answer) => boolean) => boolean,
): void {
  const write = call.write.bind(call);
  Object.assign(call, { write: (answer: Answer) => pass(answer, write) });
}

/** The double in this process, misbehaving as told, until the test has ended; answers its connection string. */
export async function startAlteredDouble({ read, batchAppend, features = serverFeaturesService }: Alterations): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'altered-double-'));
  const server = new Server();
  const service = streamsService(openStore(folder), { anonymous: 'admin', logins: new Map() });
  server.addService(ServerFeaturesService, features);
  server.addService(StreamsService, {
    ...service,
    read: (call) => read?.(call) !== false && service.read(call),
    batchAppend: (call) => batchAppend?.(call) !== false && service.batchAppend(call),
  } satisfies IStreamsServer);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  onTestFinished(async () => {
    server.forceShutdown();
    await rm(folder, { recursive: true, force: true });
  });
  return `esdb://127.0.0.1:${port}?tls=false`;
}
