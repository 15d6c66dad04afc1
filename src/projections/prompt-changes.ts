import { setTimeout as sleep } from 'node:timers/promises';
import { START } from '../adapters/event-store/port.ts';
import { ownIds, type Principal } from '../domain/principal.ts';
import type { Progress } from './progress.ts';
import type { Views } from './query.ts';
import { prompts } from './views/prompts.ts';

/** So that a hundred changes in a row are one notice, in ms. */
const TOGETHER_MS = 500;
const LOOK_MS = 15_000;
const MOST = 1000;

/** Says so whenever the prompts that somebody can use have changed, wherever that was done: it goes by the view, which every process reads. */
export async function* promptChanges(
  { views, progress }: { readonly views: Views; readonly progress: Progress },
  principal: Principal,
  signal: AbortSignal,
): AsyncGenerator<{ type: 'prompts-changed' }> {
  const stamp = async (): Promise<string> => {
    const own = await views.find(prompts, { owner: { in: ownIds(principal) } }, { limit: MOST });
    const shared = await views.find(prompts, { visibility: 'everyone' }, { limit: MOST });
    const of = [...own.documents, ...shared.documents].map(({ id, doc: { name, latest, pinned, archived } }) => [
      id,
      name.a,
      latest,
      pinned,
      archived,
    ]);
    return JSON.stringify(of.toSorted());
  };
  const seen = (): string => progress.status().find(({ view }) => view === prompts.name)?.position ?? START;
  let at = seen();
  let known = await stamp();
  while (!signal.aborted) {
    const moved = await progress.waitFor([prompts.name], `${at}0`, { timeoutMs: LOOK_MS, signal });
    if (signal.aborted) return;
    if (!moved) continue;
    await sleep(TOGETHER_MS, undefined, { signal }).catch(() => undefined);
    at = seen();
    const now = await stamp();
    if (now === known) continue;
    known = now;
    yield { type: 'prompts-changed' };
  }
}
