import { useEffect, useState } from 'react';
import { z } from 'zod';
import { annals } from '../../annals.ts';

export const SecurityEvent = z.object({
  eventId: z.string(),
  time: z.string(),
  kind: z.string(),
  actor: z.string(),
  subject: z.string(),
  door: z.string(),
  reason: z.string(),
  target: z.string(),
  network: z.string(),
  count: z.number(),
  correlationId: z.string(),
  range: z.string().optional(),
  about: z.string().optional(),
});
export type SecurityEvent = z.infer<typeof SecurityEvent>;

const AGAIN_MS = 2000;
const MOST = 500;
const Line = SecurityEvent.extend({ cursor: z.string() });

export interface Watched {
  readonly events: readonly SecurityEvent[];
  readonly state: 'reading' | 'live' | 'broken';
}

/** The latest security events and those that come while the page is open, the newest first. */
export function useSecurityFeed(): Watched {
  const [watched, setWatched] = useState<Watched>({ events: [], state: 'reading' });
  useEffect(() => {
    const stop = new AbortController();
    const add = (found: readonly SecurityEvent[]) =>
      setWatched(({ events }) => {
        const known = new Set(events.map(({ eventId }) => eventId));
        return { events: [...found.filter(({ eventId }) => !known.has(eventId)), ...events].slice(0, MOST), state: 'live' };
      });
    void watch(stop.signal, add, () => setWatched(({ events }) => ({ events, state: 'broken' })));
    return () => stop.abort();
  }, []);
  return watched;
}

async function watch(signal: AbortSignal, add: (found: readonly SecurityEvent[]) => void, broken: () => void): Promise<void> {
  let cursor: string | undefined;
  while (!signal.aborted) {
    try {
      cursor ??= await latest(signal, add);
      for await (const line of lines(`/api/security/feed?format=ndjson&after=${cursor}`, signal)) {
        const { cursor: place, ...event } = Line.parse(JSON.parse(line));
        cursor = place;
        add([event]);
      }
    } catch {
      if (!signal.aborted) broken();
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

async function latest(signal: AbortSignal, add: (found: readonly SecurityEvent[]) => void): Promise<string> {
  const answer = await fetch('/api/security/events?limit=100', { headers: await annals.headers(), signal });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  add(z.object({ events: z.array(SecurityEvent) }).parse(await answer.json()).events);
  return answer.headers.get('annals-position') ?? '';
}

async function* lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
  const answer = await fetch(path, { headers: await annals.headers(), signal });
  if (!answer.ok || !answer.body) throw new Error(`The server answered ${answer.status}.`);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const parts = (rest + read.value).split('\n');
    rest = parts.pop() ?? '';
    yield* parts.filter((part) => part !== '');
  }
}
