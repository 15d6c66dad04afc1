import type { Position } from '../adapters/event-store/port.ts';
import type { RebuildResult, ViewStatus } from './projector.ts';

/** The projector as the rest of the process sees it, wherever it runs. */
export interface Progress {
  status(): readonly ViewStatus[];
  /** True once every named view has seen the position, or has halted and will not; false when the time is over first. */
  waitFor(views: readonly string[], position: Position, options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<boolean>;
  /** Waits until none of the named views is being built any more, or the time is over. */
  waitBuilt(views: readonly string[], options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<boolean>;
  rebuild(view: string, onProgress?: (events: number) => void): Promise<RebuildResult>;
}

/** Turns status reports into something that can be waited for. */
export function createProgress(
  initial: readonly ViewStatus[],
  rebuild: Progress['rebuild'],
): Progress & { report(statuses: readonly ViewStatus[]): void } {
  let statuses = initial;
  const waiting = new Set<{ check: () => boolean; done: (reached: boolean) => void }>();
  const reached = (views: readonly string[], position: Position): boolean =>
    views.every((name) => statuses.some(({ view, state, position: seen }) => view === name && (state === 'halted' || seen >= position)));
  const isBuilt = (views: readonly string[]): boolean => !statuses.some(({ view, state }) => state === 'catching-up' && views.includes(view));
  const wait = (check: () => boolean, { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<boolean> => {
    if (check()) return Promise.resolve(true);
    if (signal?.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const done = (result: boolean): void => {
        waiting.delete(waiter);
        clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
        resolve(result);
      };
      const stop = (): void => done(false);
      const waiter = { check, done };
      const timer = setTimeout(stop, timeoutMs);
      signal?.addEventListener('abort', stop);
      waiting.add(waiter);
    });
  };
  return {
    status: () => statuses,
    report(next) {
      statuses = next;
      for (const waiter of waiting) if (waiter.check()) waiter.done(true);
    },
    waitFor: (views, position, options) => wait(() => reached(views, position), options),
    waitBuilt: (views, options) => wait(() => isBuilt(views), options),
    rebuild,
  };
}
