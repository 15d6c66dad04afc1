import { setTimeout as sleep } from 'node:timers/promises';
import { whyUnavailable } from './unavailable.ts';

const wordsOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** What goes on beside the answers to clients: it says what keeps it from working, and never ends the process. */
export function createRepeating(log: (message: string) => void) {
  return {
    guard: (what: string, work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => log(`${what}: ${wordsOf(error)}`)),
    /** Again and again until the signal; what keeps it from working is said once. */
    async every(what: string, ms: number, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
      let said: string | undefined;
      while (!signal.aborted) {
        said = await work().then(
          () => undefined,
          (error: unknown) => {
            const why = whyUnavailable(error) ?? wordsOf(error);
            if (why !== said) log(`${what}: ${why}`);
            return why;
          },
        );
        await sleep(ms, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}
