import type { Broker, BrokerMessage, Published, Publisher, TopicSettings } from './port.ts';

export interface MemoryBroker extends Broker {
  /** What readers see, in the order in which it was published. */
  readonly messages: readonly BrokerMessage[];
  readonly topics: ReadonlyMap<string, TopicSettings>;
  /** Bytes of the longest value that is taken. */
  readonly maxBytes: number;
}

const fenced: Published = { ok: false, code: 'Fenced', message: 'Somebody newer publishes under this name.' };

/** The port without a server, for tests: what it holds ends with the process. */
export function createMemoryBroker({ maxBytes = 2 * 1024 * 1024 - 1 }: { readonly maxBytes?: number } = {}): MemoryBroker {
  const messages: BrokerMessage[] = [];
  const topics = new Map<string, TopicSettings>();
  const newest = new Map<string, Publisher>();
  return {
    messages,
    topics,
    maxBytes,
    async ensureTopics(wanted, { signal }) {
      for (const settings of wanted) if (!topics.has(settings.topic)) topics.set(settings.topic, settings);
      return !signal.aborted;
    },
    async open(name, { signal }) {
      if (signal.aborted) return undefined;
      const publisher: Publisher = {
        async publish(batch) {
          if (newest.get(name) !== publisher) return fenced;
          const long = batch.find(({ value }) => Buffer.byteLength(value) > maxBytes);
          if (long) return { ok: false, code: 'TooLarge', message: `A message of ${long.key} has more than ${maxBytes} bytes.` };
          messages.push(...batch);
          return { ok: true };
        },
        close: async () => {
          if (newest.get(name) === publisher) newest.delete(name);
        },
      };
      newest.set(name, publisher);
      return publisher;
    },
    problem: () => undefined,
    close: async () => undefined,
  };
}
