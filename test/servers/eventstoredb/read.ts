import { randomUUID } from 'node:crypto';
import streams, { type ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import { confirmation } from './answers.ts';
import { filterOf } from './filter.ts';
import { allSince, firstOfRead, firstOfSubscription, readAll } from './read-all.ts';
import { readStream, streamSince } from './read-stream.ts';
import { Refusal } from './refusal.ts';
import { follow, type ReadCall, send } from './sending.ts';
import type { Store } from './store.ts';

/** Reads and subscriptions, which are one method of the protocol. */
export async function read(store: Store, call: ReadCall): Promise<void> {
  try {
    await answer(store, call, call.request.getOptions() ?? new streams.ReadReq.Options());
  } catch (error) {
    call.emit('error', error instanceof Refusal ? error : new Refusal(status.UNKNOWN, String(error)));
  }
}

async function answer(store: Store, call: ReadCall, options: ReadReq.Options): Promise<void> {
  const stream = options.getStream();
  const all = options.getAll();
  const resolveLinks = options.getResolveLinks();
  const backwards = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;
  const count = Number(options.getCount());
  const live = options.hasSubscription();
  if (stream && live) {
    const since = streamSince(store, stream, resolveLinks);
    await send(call, [confirmation(randomUUID())]);
    return follow(call, store, since);
  }
  if (all && live) {
    const wanted = { backwards, count, resolveLinks, filter: filterOf(options) };
    const since = allSince(store, firstOfSubscription(store, all), wanted);
    await send(call, [confirmation(randomUUID())]);
    return follow(call, store, since);
  }
  if (stream) await send(call, readStream(store, stream, { backwards, count, resolveLinks }));
  else if (all && count === 0) return follow(call, store, () => []);
  else if (all) await send(call, readAll(store, firstOfRead(store, all, backwards), { backwards, count, resolveLinks, filter: filterOf(options) }));
  else throw new Refusal(status.INVALID_ARGUMENT, 'Neither a stream nor $all is asked for.');
  call.end();
}
