import type { IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { type Access, denied } from './access.ts';
import { placed } from './answers.ts';
import { batchAppend } from './batch-append.ts';
import { type DeletionOptions, deleteStream } from './deletion.ts';
import { read } from './read.ts';
import { Refusal } from './refusal.ts';
import { singleAppend } from './single-append.ts';
import type { Store } from './store.ts';
import { startWriter } from './writer.ts';

export function streamsService(store: Store, access: Access): IStreamsServer {
  const writer = startWriter(store);
  const remove = (options: DeletionOptions | undefined, forGood: boolean) => writer.run(() => deleteStream(store, options, forGood));
  return {
    read(call) {
      const denial = denied(access, call.metadata, call.request.getOptions()?.hasAll() ? 'all' : 'stream');
      if (denial) call.emit('error', denial);
      else void read(store, call);
    },
    batchAppend(call) {
      const denial = denied(access, call.metadata, 'stream');
      if (denial) call.emit('error', denial);
      else batchAppend(writer, call);
    },
    append(call, reply) {
      const denial = denied(access, call.metadata, 'stream');
      if (denial) return reply(denial);
      void singleAppend(writer, call).then((answer) => (answer instanceof Refusal ? reply(answer) : reply(null, answer)));
    },
    delete(call, reply) {
      const denial = denied(access, call.metadata, 'stream');
      if (denial) return reply(denial);
      void remove(call.request.getOptions(), false).then((done) => {
        if (done instanceof Refusal) reply(done);
        else reply(null, new streams.DeleteResp().setPosition(placed(new streams.DeleteResp.Position(), done)));
      });
    },
    tombstone(call, reply) {
      const denial = denied(access, call.metadata, 'stream');
      if (denial) return reply(denial);
      void remove(call.request.getOptions(), true).then((done) => {
        if (done instanceof Refusal) reply(done);
        else reply(null, new streams.TombstoneResp().setPosition(placed(new streams.TombstoneResp.Position(), done)));
      });
    },
  };
}
