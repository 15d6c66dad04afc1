import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, type ServerCredentials } from '@grpc/grpc-js';
import type { Access } from './access.ts';
import { gossipService, serverFeaturesService } from './node-info.ts';
import type { Store } from './store.ts';
import { streamsService } from './streams-service.ts';

const HOST = '127.0.0.1';
const LARGEST_MESSAGE = 17 * 1024 * 1024;

/** Serves the store on this port (0: any free one) and answers the port. */
export async function serve(store: Store, access: Access, credentials: ServerCredentials, wanted: number): Promise<number> {
  const server = new Server({ 'grpc.max_receive_message_length': LARGEST_MESSAGE });
  let port = wanted;
  server.addService(StreamsService, streamsService(store, access));
  server.addService(ServerFeaturesService, serverFeaturesService);
  server.addService(
    GossipService,
    gossipService(() => ({ address: HOST, port })),
  );
  port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${HOST}:${wanted}`, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return port;
}
