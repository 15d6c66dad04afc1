import { openSqliteDocumentStore } from '../../src/adapters/document-store/sqlite.ts';
import type { EventStore } from '../../src/adapters/event-store/port.ts';
import { openSqliteEventStore } from '../../src/adapters/event-store/sqlite.ts';
import { createProjector } from '../../src/projections/projector.ts';
import type { View } from '../../src/projections/view.ts';
import { conversationList } from '../../src/projections/views/conversations.ts';
import { views } from '../../src/projections/views/index.ts';
import { messageTree } from '../../src/projections/views/messages.ts';
import { type Bench, inFolder, median, perSecond, rate, timed } from './measure.ts';
import { writeSampleLog } from './sample-log.ts';

/** Builds the views from the log's beginning, as after an upgrade. */
const build = (store: EventStore, built: readonly View[]): Promise<number> =>
  inFolder(async (folder) => {
    const documents = await openSqliteDocumentStore({ folder });
    const head = await store.head();
    const done = new AbortController();
    const projector = createProjector({
      store,
      documents,
      views: built,
      onProgress: (statuses) => {
        if (statuses.every(({ position }) => position >= head)) done.abort();
      },
    });
    const { ms } = await timed(() => projector.run(done.signal));
    const halted = projector.status().find(({ state }) => state === 'halted');
    if (halted) throw new Error(`The view ${halted.view} halted: ${halted.reason}`);
    await documents.close();
    return ms;
  });

export const projection: Bench = {
  title: 'Projecting',
  async run({ quick }) {
    const events = quick ? 10_000 : 200_000;
    return inFolder(async (folder) => {
      writeSampleLog(folder, events);
      const store = await openSqliteEventStore({ folder });
      const two: number[] = [];
      const all: number[] = [];
      for (let round = 0; round < (quick ? 1 : 3); round += 1) {
        two.push(perSecond(events, await build(store, [conversationList, messageTree] as unknown as readonly View[])));
        all.push(perSecond(events, await build(store, views)));
      }
      await store.close();
      return [
        {
          what: `${events.toLocaleString('en')} events folded by the projector into the thread list and the messages, committed to SQLite`,
          figure: rate(median(two)),
          aim: '≥ 20,000/s',
          met: median(two) >= 20_000,
        },
        { what: `the same into all ${views.length} views`, figure: rate(median(all)), aim: '–', met: true },
      ];
    });
  },
};
