import { LRUCache } from 'lru-cache';
import type { Principal } from '../../domain/principal.ts';
import type { Progress } from '../../projections/progress.ts';

/** What each principal wrote last through this server, so that its next reading shows it without having to ask for that. */
export interface OwnWrites {
  wrote(principal: Principal, position: string): void;
  /** Waits until these views have seen it, for a second at most. */
  visible(principal: Principal, views: readonly string[], signal: AbortSignal): Promise<void>;
}

const WAIT_MS = 1000;
const KNOWN_PERSONS = 10_000;

export function createOwnWrites(progress: Progress): OwnWrites {
  const last = new LRUCache<string, string>({ max: KNOWN_PERSONS });
  return {
    wrote({ id }, position) {
      if (position > (last.get(id) ?? '')) last.set(id, position);
    },
    async visible({ id }, views, signal) {
      const position = last.get(id);
      if (position === undefined) return;
      const following = new Set(progress.status().flatMap(({ view, state }) => (state === 'halted' ? [] : [view])));
      await progress.waitFor(
        views.filter((view) => following.has(view)),
        position,
        { timeoutMs: WAIT_MS, signal },
      );
    },
  };
}
