import type { Bus } from '../adapters/bus/port.ts';
import type { DocumentStore } from '../adapters/document-store/port.ts';
import type { EventStore } from '../adapters/event-store/port.ts';
import { isNewer, NewerEvent } from '../adapters/event-store/upcast.ts';
import type { LeaseHolder } from '../adapters/leases/hold.ts';
import type { Json, JsonObject } from '../domain/event.ts';
import { createProjector, type Projector, type ViewStatus } from './projector.ts';
import { type Rebuilding, topics } from './remote-progress.ts';
import { collectionOf, type View } from './view.ts';

export interface SharedProjectorParts {
  /** Whose tails share one subscription. */
  readonly store: EventStore;
  readonly documents: DocumentStore;
  readonly views: readonly View[];
  readonly hold: LeaseHolder;
  readonly bus: Bus;
  readonly onProblem: (message: string) => void;
}

const HEARTBEAT_MS = 1000;
const REPORT_EVERY_MS = 20;

/** Writes the views whose leases this process gets, until the signal; says on the bus how far each has come, and builds them anew when asked there. */
export async function writeSharedViews(parts: SharedProjectorParts, signal: AbortSignal): Promise<void> {
  const { bus, views } = parts;
  const writing = new Map<string, Projector>();
  const statuses = (): readonly ViewStatus[] => [...writing.values()].flatMap((projector) => projector.status());
  let timer: NodeJS.Timeout | undefined;
  const say = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (writing.size > 0) void bus.publish(topics.progress, { statuses: statuses() as unknown as Json });
  };
  const saySoon = (): void => {
    timer ??= setTimeout(say, REPORT_EVERY_MS);
  };
  const heart = setInterval(say, HEARTBEAT_MS);
  const unsubscribe = bus.subscribe(topics.rebuild, ({ id, view }) => {
    const projector = writing.get(String(view));
    if (projector) void rebuild(bus, projector, String(id), String(view));
  });
  await Promise.all(views.map((view) => writeView(parts, view, writing, saySoon, signal)));
  clearInterval(heart);
  clearTimeout(timer);
  unsubscribe();
}

/** A view that a newer release has to write is left to it for good. */
async function writeView(
  parts: SharedProjectorParts,
  view: View,
  writing: Map<string, Projector>,
  say: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { documents, hold, onProblem } = parts;
  const leaving = new AbortController();
  const store = upToKnown(parts.store, view);
  await hold.campaign(
    `view/${collectionOf(view)}`,
    async (_, stop) => {
      const projector = createProjector({ store, documents, views: [view], onProgress: say });
      writing.set(view.name, projector);
      try {
        await projector.run(stop);
      } catch (error) {
        if (stop.aborted) return;
        onProblem(`view ${view.name}: ${error instanceof Error ? error.message : String(error)}`);
        if (error instanceof NewerEvent) leaving.abort();
      } finally {
        writing.delete(view.name);
      }
    },
    AbortSignal.any([signal, leaving.signal]),
  );
}

const upToKnown = (store: EventStore, { types }: View): EventStore => ({
  ...store,
  tail: async function* (after, options) {
    for await (const batch of store.tail(after, options)) {
      const newer = batch.events.find((event) => types.includes(event.type) && isNewer(event));
      if (newer) throw new NewerEvent(newer);
      yield batch;
    }
  },
});

async function rebuild(bus: Bus, projector: Projector, id: string, view: string): Promise<void> {
  const say = (message: Rebuilding): Promise<void> => bus.publish(topics.rebuilding, message as unknown as JsonObject);
  let saidAt = 0;
  const onProgress = (events: number): void => {
    if (performance.now() - saidAt < HEARTBEAT_MS) return;
    saidAt = performance.now();
    void say({ id, kind: 'progress', events });
  };
  try {
    await say({ id, kind: 'progress', events: 0 });
    await say({ id, kind: 'done', result: await projector.rebuild(view, onProgress) });
  } catch (error) {
    await say({ id, kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}
