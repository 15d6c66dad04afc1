import { setTimeout as sleep } from 'node:timers/promises';
import { v4 } from 'uuid';
import type { Bus } from '../adapters/bus/port.ts';
import type { DocumentStore } from '../adapters/document-store/port.ts';
import { START } from '../adapters/event-store/port.ts';
import { createProgress, type Progress } from './progress.ts';
import type { RebuildResult, ViewStatus } from './projector.ts';
import { collectionOf, type View } from './view.ts';

/** What writers of views say on the bus, and are asked there. */
export const topics = { progress: 'views', rebuild: 'rebuild', rebuilding: 'rebuilding' } as const;

export type Rebuilding = { readonly id: string } & (
  | { readonly kind: 'progress'; readonly events: number }
  | { readonly kind: 'done'; readonly result: RebuildResult }
  | { readonly kind: 'failed'; readonly message: string }
);

export interface RemoteProgress extends Progress {
  /** Follows the writers until the signal. */
  run(signal: AbortSignal): Promise<void>;
}

export interface RemoteProgressParts {
  readonly documents: Pick<DocumentStore, 'checkpoint'>;
  readonly bus: Bus;
  readonly views: readonly View[];
  readonly epoch: string;
  readonly now?: () => number;
}

/** How often saved checkpoints are looked at while somebody waits, and while nobody does. */
const WAITED_POLL_MS = 25;
const IDLE_POLL_MS = 1000;
/** A writer says at least once a second how far it has come. */
const SILENT_MS = 4000;
const NO_ANSWER_MS = 5000;

/** The views as a process sees them whose writers may be others: pushed by the bus, and read from saved checkpoints where the bus is silent. */
export function createRemoteProgress({ documents, bus, views, epoch, now = () => performance.now() }: RemoteProgressParts): RemoteProgress {
  const heardAt = new Map<string, number>();
  const known = new Map<string, ViewStatus>(
    views.map(({ name, version }) => [name, { view: name, version, state: 'catching-up', position: START, lagMs: 0 }]),
  );
  const local = createProgress([...known.values()], (view, onProgress) => askForRebuild(bus, view, onProgress));
  /** Views that somebody waits for, as often as they are waited for. */
  const awaited = new Map<symbol, readonly string[]>();
  let wake = (): void => undefined;

  const status = (): readonly ViewStatus[] => [...known.values()].map(silenceTold);
  const silenceTold = (status: ViewStatus): ViewStatus => {
    const silent = now() - (heardAt.get(status.view) ?? now());
    if (silent < SILENT_MS || status.state === 'halted') return status;
    return {
      ...status,
      lagMs: Math.round(status.lagMs + silent),
      reason: `no worker has said for ${Math.round(silent / 1000)} s how far it has come`,
    };
  };

  const learn = (next: ViewStatus): void => {
    const before = known.get(next.view);
    if (before?.version !== next.version) return;
    known.set(next.view, next.position < before.position ? { ...next, position: before.position } : next);
  };
  /** Those that are waited for, or, while nobody waits, those that nobody has spoken of for a while. */
  const due = (): readonly View[] => {
    const names = new Set([...awaited.values()].flat());
    return views.filter(({ name }) => (names.size > 0 ? names.has(name) : now() - (heardAt.get(name) ?? 0) > IDLE_POLL_MS));
  };
  const look = async (): Promise<void> => {
    for (const view of due()) {
      const before = known.get(view.name);
      const checkpoint = await documents.checkpoint(collectionOf(view));
      if (!before || checkpoint?.epoch !== epoch) continue;
      const caughtUp = before.state === 'catching-up' && checkpoint.meta === 'live';
      if (checkpoint.position <= before.position && !caughtUp) continue;
      learn({ ...before, position: checkpoint.position, ...(caughtUp ? { state: 'live' as const } : {}) });
    }
    local.report(status());
  };

  /** Looks closely at these views meanwhile. */
  const watching = async (names: readonly string[], wait: () => Promise<boolean>): Promise<boolean> => {
    const waiter = Symbol();
    awaited.set(waiter, names);
    wake();
    try {
      return await wait();
    } finally {
      awaited.delete(waiter);
    }
  };

  return {
    status,
    waitFor: (names, position, options) => watching(names, () => local.waitFor(names, position, options)),
    waitBuilt: (names, options) => watching(names, () => local.waitBuilt(names, options)),
    rebuild: local.rebuild,
    async run(signal) {
      const begun = now();
      for (const { name } of views) heardAt.set(name, begun - IDLE_POLL_MS);
      const unsubscribe = bus.subscribe(topics.progress, (message) => {
        for (const next of message.statuses as unknown as readonly ViewStatus[]) {
          heardAt.set(next.view, now());
          learn(next);
        }
        local.report(status());
      });
      while (!signal.aborted) {
        await look().catch(() => undefined);
        const woken = new Promise<void>((resolve) => (wake = resolve));
        const pause = sleep(awaited.size > 0 ? WAITED_POLL_MS : IDLE_POLL_MS, undefined, { signal }).catch(() => undefined);
        await (awaited.size > 0 ? pause : Promise.race([woken, pause]));
      }
      unsubscribe();
    },
  };
}

/** Whoever writes the view builds it anew, and says so on the bus. */
async function askForRebuild(bus: Bus, view: string, onProgress?: (events: number) => void): Promise<RebuildResult> {
  const id = v4();
  const { promise, resolve, reject } = Promise.withResolvers<RebuildResult>();
  const silent = (): void => reject(new Error('No worker writes this view at the moment: start one, or ask again in some seconds.'));
  let timer = setTimeout(silent, NO_ANSWER_MS);
  const unsubscribe = bus.subscribe(topics.rebuilding, (message) => {
    const said = message as unknown as Rebuilding;
    if (said.id !== id) return;
    clearTimeout(timer);
    timer = setTimeout(silent, NO_ANSWER_MS * 6);
    if (said.kind === 'progress') onProgress?.(said.events);
    else if (said.kind === 'done') resolve(said.result);
    else reject(new Error(said.message));
  });
  await bus.publish(topics.rebuild, { id, view });
  return promise.finally(() => {
    clearTimeout(timer);
    unsubscribe();
  });
}
