import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from './client.ts';

/** How long one look at the health page may take before it counts as no answer. */
const LOOK_MS = 4000;
const LOOK_EVERY_MS = 100;
const PATIENCE_MS = 3000;
/** An address at which nobody listens. */
const NOWHERE = 'http://127.0.0.1:9';

/** Says which address to turn to now. */
export type Where = () => string | undefined;

/**
 * Tells something new there and reads its answer to the end, again until one has been completed; resolves with how long that took since `since`
 * (`performance.now()`), or with `undefined` after `limitMs`.
 */
export async function freshAnswer(where: Where, since: number, limitMs: number): Promise<number | undefined> {
  const over = AbortSignal.timeout(Math.max(1, Math.round(limitMs - (performance.now() - since))));
  while (!over.aborted) {
    if ((await ask(where, over)) === 'completed') return performance.now() - since;
    await sleep(50);
  }
  return undefined;
}

const ask = (where: Where, over: AbortSignal): Promise<string | undefined> =>
  createClient({ url: () => where() ?? NOWHERE, over, giveUp: over, patienceMs: PATIENCE_MS })
    .ask(`probe ${randomUUID()}`)
    .catch(() => undefined);

/** Waits until the process there says that it is ready; how long that took, or `undefined` after `limitMs`. */
export async function readyAgain(where: Where, since: number, limitMs: number): Promise<number | undefined> {
  while (performance.now() - since < limitMs) {
    if (await saysReady(where)) return performance.now() - since;
    await sleep(LOOK_EVERY_MS);
  }
  return undefined;
}

/** Until the signal: how long after its beginning it still said once that it was ready, in ms. Only looks begun and answered before the signal count. */
export async function claimedReadyFor(where: Where, until: AbortSignal): Promise<number> {
  const begun = performance.now();
  let longest = 0;
  while (!until.aborted) {
    const asked = performance.now() - begun;
    if ((await saysReady(where)) && !until.aborted) longest = asked;
    await sleep(LOOK_EVERY_MS, undefined, { signal: until }).catch(() => undefined);
  }
  return longest;
}

const saysReady = (where: Where): Promise<boolean> =>
  fetch(`${where() ?? NOWHERE}/health/ready`, { signal: AbortSignal.timeout(LOOK_MS) }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.status === 200;
    },
    () => false,
  );
