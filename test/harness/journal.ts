import { createMemoryEventStore } from '../../src/adapters/event-store/memory.ts';
import type { EventToAppend } from '../../src/adapters/event-store/port.ts';
import { createMemoryLiveLog } from '../../src/adapters/live-log/memory.ts';
import type { LiveEntry } from '../../src/adapters/live-log/port.ts';
import type { Disk } from './memory-annals.ts';

export type Written =
  | { readonly kind: 'events'; readonly stream: string; readonly events: readonly EventToAppend[] }
  | { readonly kind: 'live'; readonly entry: LiveEntry };

/** The disk, and everything that is written to its log and live log, in order. */
export function journaled(disk: Disk): { disk: Disk; journal: Written[] } {
  const journal: Written[] = [];
  return {
    journal,
    disk: {
      ...disk,
      store: {
        ...disk.store,
        append: async (stream, events, expected, options) => {
          const appended = await disk.store.append(stream, events, expected, options);
          if (appended.ok && !appended.duplicate) journal.push({ kind: 'events', stream, events });
          return appended;
        },
      },
      liveLog: {
        ...disk.liveLog,
        append: async (entry) => {
          await disk.liveLog.append(entry);
          journal.push({ kind: 'live', entry });
        },
      },
    },
  };
}

/** An empty disk with the same keys, on which a journal is played again. */
export function replayed(disk: Disk): { disk: Disk; play: (written: Written) => Promise<void> } {
  const again = { ...disk, store: createMemoryEventStore(), liveLog: createMemoryLiveLog() };
  return {
    disk: again,
    play: async (written) => {
      if (written.kind === 'live') return again.liveLog.append(written.entry);
      const appended = await again.store.append(written.stream, written.events, 'any');
      if (!appended.ok) throw new Error(appended.code);
    },
  };
}
