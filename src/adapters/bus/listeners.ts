import type { JsonObject } from '../../domain/event.ts';

export type Hear = (message: JsonObject) => void;

/** Who wants to hear which topic. */
export function createListeners() {
  const byTopic = new Map<string, Set<{ readonly hear: Hear }>>();

  function add(topic: string, hear: Hear): () => void {
    const listener = { hear };
    const ofTopic = byTopic.get(topic) ?? new Set();
    byTopic.set(topic, ofTopic.add(listener));
    return () => {
      ofTopic.delete(listener);
      if (ofTopic.size === 0 && byTopic.get(topic) === ofTopic) byTopic.delete(topic);
    };
  }

  /** Those who listen at this moment, each by itself, so that one that throws disturbs no other and not whoever published. */
  function tell(topic: string, message: JsonObject): void {
    const ofTopic = byTopic.get(topic);
    for (const listener of ofTopic ?? []) {
      queueMicrotask(() => {
        if (ofTopic?.has(listener)) listener.hear(message);
      });
    }
  }

  return { add, tell, count: () => byTopic.size, clear: () => clearAll(byTopic) };
}

function clearAll(byTopic: Map<string, Set<unknown>>): void {
  for (const ofTopic of byTopic.values()) ofTopic.clear();
  byTopic.clear();
}
