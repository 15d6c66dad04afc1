import type { ServerEvent, ServerEventBus } from '@modelcontextprotocol/server';
import { needed } from '../http/outcome.ts';
import type { RouteRequest } from '../http/request.ts';

type Watching = Pick<RouteRequest, 'annals' | 'principal'>;

/** Every change of what this person's lists show, until the signal. */
export async function* changesOf({ annals, principal }: Watching, signal: AbortSignal): AsyncGenerator<void> {
  const following = await annals.follow(principal, { topic: 'prompts' }, { signal });
  if (!following.ok) return needed(following);
  for await (const _ of following.items) yield;
}

/** Notices for the subscriptions of one exchange: of this person's own lists, and of nobody else's. */
export function noticesFor(watching: Watching, signal: AbortSignal): ServerEventBus {
  const listeners = new Set<(event: ServerEvent) => void>();
  let stop: AbortController | undefined;
  const watch = async (until: AbortSignal): Promise<void> => {
    for await (const _ of changesOf(watching, until)) for (const hear of listeners) hear({ kind: 'prompts_list_changed' });
  };
  return {
    publish: () => undefined,
    subscribe(hear) {
      listeners.add(hear);
      if (!stop) {
        stop = new AbortController();
        watch(AbortSignal.any([stop.signal, signal])).catch(() => undefined);
      }
      return () => {
        listeners.delete(hear);
        if (listeners.size > 0) return;
        stop?.abort();
        stop = undefined;
      };
    },
  };
}
