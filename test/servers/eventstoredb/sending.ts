import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Store } from './store.ts';

export type ReadCall = ServerWritableStream<ReadReq, ReadResp>;

/** Sends these as fast as the client takes them, until it goes away. */
export async function send(call: ReadCall, answers: Iterable<ReadResp>): Promise<void> {
  for (const answer of answers) {
    if (call.cancelled) return;
    if (!call.write(answer)) await roomIn(call);
  }
}

/** Sends what there is, and again what there is after each growth of the log, until the client goes away. */
export async function follow(call: ReadCall, store: Store, answers: () => Iterable<ReadResp>): Promise<void> {
  const bell = doorbell();
  const stop = store.onGrowth(bell.ring);
  call.once('cancelled', bell.ring);
  while (!call.cancelled) {
    await send(call, answers());
    if (!call.cancelled) await bell.rung();
  }
  stop();
}

function roomIn(call: ReadCall): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done);
      call.off('cancelled', done);
      resolve();
    };
    call.on('drain', done);
    call.on('cancelled', done);
  });
}

/** Waits for a ring; one that came while nobody waited counts. */
function doorbell(): { readonly ring: () => void; readonly rung: () => Promise<void> } {
  let next = Promise.withResolvers<void>();
  return {
    ring: () => next.resolve(),
    async rung() {
      await next.promise;
      next = Promise.withResolvers();
    },
  };
}
