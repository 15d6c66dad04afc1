import type { IGossipServer } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossip, { type ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import type { IServerFeaturesServer } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import features, { type SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';

const VERSION = '22.10.5';
const METHODS = ['append', 'batchappend', 'read', 'delete', 'tombstone'];
const INSTANCE = '00000000-0000-4000-8000-000000000001';

interface EndPoint {
  readonly address: string;
  readonly port: number;
}

export const serverFeaturesService: IServerFeaturesServer = {
  getSupportedMethods: (_, reply) => reply(null, supportedMethods()),
};

export const gossipService = (self: () => EndPoint): IGossipServer => ({
  read: (_, reply) => reply(null, clusterOfOne(self())),
});

function supportedMethods(): SupportedMethods {
  const methods = METHODS.map((name) => new features.SupportedMethod().setServiceName('event_store.client.streams.streams').setMethodName(name));
  return new features.SupportedMethods().setEventStoreServerVersion(VERSION).setMethodsList(methods);
}

/** One node, which leads. */
function clusterOfOne({ address, port }: EndPoint): ClusterInfo {
  const member = new gossip.MemberInfo()
    .setInstanceId(new shared.UUID().setString(INSTANCE))
    .setState(gossip.MemberInfo.VNodeState.LEADER)
    .setIsAlive(true)
    .setTimeStamp(`${Date.now()}`)
    .setHttpEndPoint(new gossip.EndPoint().setAddress(address).setPort(port));
  return new gossip.ClusterInfo().setMembersList([member]);
}
