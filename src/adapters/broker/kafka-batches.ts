import type { TopicMessages } from 'kafkajs';
import type { BrokerMessage } from './port.ts';

/** What one request to the broker may carry: below the 2 MiB that our topics take in one record batch, even if all of it goes to one partition. */
const REQUEST_BYTES = 1024 * 1024;
/** What is left of the 2 MiB for one message after the batch's own header. */
export const MESSAGE_BYTES = 2 * 1024 * 1024 - 1024;
/** For lengths, timestamps and offsets. */
const RECORD_OVERHEAD = 32;
const HEADER_OVERHEAD = 6;

/** The bytes that the message takes in a record batch, about: names and values of headers are ASCII. */
export function bytesOf({ key, headers, value }: BrokerMessage): number {
  let bytes = RECORD_OVERHEAD + Buffer.byteLength(key) + Buffer.byteLength(value);
  for (const name in headers) bytes += HEADER_OVERHEAD + name.length + (headers[name]?.length ?? 0);
  return bytes;
}

/** The messages in requests of a bounded size, in the order given; each request's by topic. */
export function requestsOf(messages: readonly BrokerMessage[]): TopicMessages[][] {
  const requests: Map<string, TopicMessages>[] = [];
  let room = 0;
  for (const message of messages) {
    const bytes = bytesOf(message);
    if (bytes > room) {
      requests.push(new Map());
      room = REQUEST_BYTES;
    }
    room -= bytes;
    add(requests.at(-1), message);
  }
  return requests.map((topics) => [...topics.values()]);
}

function add(request: Map<string, TopicMessages> | undefined, message: BrokerMessage): void {
  const known = request?.get(message.topic);
  if (known) known.messages.push(message);
  else request?.set(message.topic, { topic: message.topic, messages: [message] });
}
