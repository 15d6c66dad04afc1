import { setTimeout as sleep } from 'node:timers/promises';

/** How long an answer may take. */
const NEED_MS = 1500;

/** Which of these does not answer, and why. */
export async function missingOf(needs: Readonly<Record<string, () => Promise<unknown>>>): Promise<string[]> {
  const looked = Object.entries(needs).map(async ([name, look]) => {
    const late = sleep(NEED_MS, undefined, { ref: false }).then(() => Promise.reject(new Error(`no answer within ${NEED_MS} ms`)));
    return Promise.race([look(), late]).then(
      () => undefined,
      (error: unknown) => `${name}: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  return (await Promise.all(looked)).filter((problem) => problem !== undefined);
}
