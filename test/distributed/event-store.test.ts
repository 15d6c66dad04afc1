import { openEventStoreDb } from '../../src/adapters/event-store/eventstoredb.ts';
import { type EventStoreUnderTest, eventStoreContract } from '../contract/event-store.ts';
import { describeWith, eventstoreUrl } from './servers.ts';

/** All share the server's log, as installations beside other programs do. */
async function eventStoreDb(): Promise<EventStoreUnderTest> {
  const url = eventstoreUrl();
  let store = await openEventStoreDb({ url });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openEventStoreDb({ url });
      return store;
    },
    dispose: () => store.close(),
  };
}

describeWith(['EVENTSTORE_URL'], 'the event store of this run', () => eventStoreContract('EventStoreDB', eventStoreDb));
