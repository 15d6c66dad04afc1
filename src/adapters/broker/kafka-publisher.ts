import { Partitioners, type Producer } from 'kafkajs';
import { bytesOf, MESSAGE_BYTES, requestsOf } from './kafka-batches.ts';
import { briefRetry, type KafkaClient, silence } from './kafka-client.ts';
import { publishedNot, reasonOf } from './kafka-errors.ts';
import type { BrokerMessage, Published, Publisher } from './port.ts';

/** How long the broker waits for the end of a batch before it takes it back. */
const TRANSACTION_MS = 30_000;
/** How long a batch under way may still take after the signal. */
const GRACE_MS = 2000;

/**
 * Fences whoever published under this name, then publishes under it. A publisher is never mended: after a failure the sequence numbers of kafkajs and
 * of the broker may differ, and then the broker would take a new batch for an old one and drop it. Rejects when the broker does not answer.
 */
export async function openPublisher({ kafka, cut }: KafkaClient, name: string): Promise<Publisher> {
  const producer = kafka.producer({
    transactionalId: name,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: TRANSACTION_MS,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: briefRetry,
  });
  const silent = silence((hear) => producer.on(producer.events.REQUEST_TIMEOUT, hear));

  async function publish(messages: readonly BrokerMessage[]): Promise<Published> {
    const transaction = await producer.transaction();
    try {
      for (const topicMessages of requestsOf(messages)) await transaction.sendBatch({ acks: -1, topicMessages });
      await transaction.commit();
      return { ok: true };
    } catch (error) {
      const failed = publishedNot(error);
      // Readers wait for the end of what has begun; where the broker cannot be told, it ends with the next opening or after a while.
      if (failed.code !== 'Fenced') await transaction.abort().catch(() => undefined);
      return failed;
    }
  }

  try {
    await Promise.race([begun(producer), silent]);
  } catch (error) {
    cut();
    throw error;
  }
  return {
    async publish(messages, { signal }) {
      const long = messages.find((message) => bytesOf(message) > MESSAGE_BYTES);
      if (long) return { ok: false, code: 'TooLarge', message: `A message of ${long.key} has more than ${MESSAGE_BYTES} bytes.` };
      const patience = patienceOf(signal);
      const published = await Promise.race([publish(messages), silent, patience.over]).catch(publishedNot);
      patience.end();
      if (!published.ok) cut();
      return published;
    },
    async close() {
      await Promise.race([producer.disconnect(), silent]).catch(() => undefined);
      cut();
    },
  };
}

/** Connected and known to the coordinator: an empty transaction makes kafkajs ask for the name's next epoch. */
async function begun(producer: Producer): Promise<void> {
  await producer.connect();
  await (await producer.transaction()).abort();
}

/** Rejects a while after the signal. */
function patienceOf(signal: AbortSignal): { readonly over: Promise<never>; end(): void } {
  const { promise: over, reject } = Promise.withResolvers<never>();
  over.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(
      () => reject(new Error(`the batch was not acknowledged within ${GRACE_MS} ms after the end (${reasonOf(signal.reason)})`)),
      GRACE_MS,
    );
  };
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true });
  return {
    over,
    end() {
      signal.removeEventListener('abort', start);
      clearTimeout(timer);
    },
  };
}
