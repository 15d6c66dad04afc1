import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Broker, BrokerMessage, Publisher } from '../../src/adapters/broker/port.ts';

export interface OpenedBroker {
  readonly broker: Broker;
  /** What readers see in these topics; of each key in the order in which they see it. */
  readonly read: (topics: readonly string[]) => Promise<readonly BrokerMessage[]>;
  /** Bytes of a value that is too long. */
  readonly tooLong: number;
}

export interface BrokerAdapter {
  readonly name: string;
  readonly open: () => Promise<OpenedBroker>;
}

const never = (): AbortSignal => new AbortController().signal;
const settings = (topic: string) => ({ topic, partitions: 3, config: { 'max.message.bytes': String(2 * 1024 * 1024) } });

/** What every broker must do. */
export function describeBrokers(adapters: readonly BrokerAdapter[]): void {
  describe.each(adapters)('the broker $name', ({ open }) => {
    let opened: OpenedBroker;
    let topics: readonly [string, string];
    let name: string;
    beforeEach(async () => {
      opened = await open();
      name = `test-${randomUUID()}`;
      topics = [`${name}.one`, `${name}.two`];
    });
    afterEach(() => opened.broker.close());

    const message = (key: string, value: string, topic = topics[0]): BrokerMessage => ({
      topic,
      key,
      value,
      headers: { 'content-type': 'text/plain' },
    });
    const publisher = async (): Promise<Publisher> => {
      await opened.broker.ensureTopics(topics.map(settings), { signal: never() });
      const found = await opened.broker.open(name, { signal: never() });
      if (!found) throw new Error('no publisher without a signal');
      return found;
    };
    const ofKey = (messages: readonly BrokerMessage[], key: string) => messages.filter((each) => each.key === key).map(({ value }) => value);

    it('gives readers every message of every key as it came and in the order in which it was published, over any batches', async () => {
      const { publish } = await publisher();
      const values = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'ü'), fc.string({ unit: 'binary', maxLength: 40 })), {
        minLength: 1,
        maxLength: 60,
      });
      const published: BrokerMessage[] = [];
      for (const batch of fc.sample(values, { numRuns: 8, seed: 4 })) {
        const messages = batch.map(([key, value], n) => ({ ...message(key, value, topics[key === 'b' ? 1 : 0]), headers: { n: String(n) } }));
        published.push(...messages);
        expect(await publish(messages, { signal: never() })).toEqual({ ok: true });
      }
      const seen = await opened.read(topics);
      expect(seen).toHaveLength(published.length);
      for (const key of ['a', 'b', 'ü'])
        expect(seen.filter((each) => each.key === key).map(({ topic, headers, value }) => ({ topic, headers, value }))).toEqual(
          published.filter((each) => each.key === key).map(({ topic, headers, value }) => ({ topic, headers, value })),
        );
    });

    it('takes batches of several megabytes', async () => {
      const { publish } = await publisher();
      const values = Array.from({ length: 30 }, (_, n) => `${n}`.padEnd(100_000, '.'));
      const long = 'l'.repeat(1_500_000);
      expect(
        await publish(
          [...values, long].map((value) => message('a', value)),
          { signal: never() },
        ),
      ).toEqual({ ok: true });
      expect(ofKey(await opened.read(topics), 'a')).toEqual([...values, long]);
    });

    it('publishes nothing of a batch with a message that is too long, and says so', async () => {
      const { publish } = await publisher();
      const published = await publish([message('a', 'short'), message('a', 'x'.repeat(opened.tooLong))], { signal: never() });
      expect(published).toMatchObject({ ok: false, code: 'TooLarge' });
      expect(await opened.read(topics)).toEqual([]);
    });

    it('fences whoever published under a name before', async () => {
      const zombie = await publisher();
      expect(await zombie.publish([message('a', '1')], { signal: never() })).toEqual({ ok: true });
      const newer = await publisher();
      expect(await newer.publish([message('a', '2')], { signal: never() })).toEqual({ ok: true });
      expect(await zombie.publish([message('a', 'late')], { signal: never() })).toMatchObject({ ok: false, code: 'Fenced' });
      expect(await newer.publish([message('a', '3')], { signal: never() })).toEqual({ ok: true });
      expect(ofKey(await opened.read(topics), 'a')).toEqual(['1', '2', '3']);
    });

    it('lets those of other names publish side by side', async () => {
      const one = await publisher();
      name = `${name}-other`;
      const other = await publisher();
      for (const each of [one, other, one]) expect(await each.publish([message('a', 'x')], { signal: never() })).toEqual({ ok: true });
      expect(ofKey(await opened.read(topics), 'a')).toEqual(['x', 'x', 'x']);
    });

    it('makes topics once and leaves them as they are afterwards', async () => {
      const { broker } = opened;
      const { publish } = await publisher();
      await publish([message('a', 'kept')], { signal: never() });
      expect(await broker.ensureTopics([{ ...settings(topics[0]), partitions: 7 }, settings(`${name}.three`)], { signal: never() })).toBe(true);
      expect(ofKey(await opened.read(topics), 'a')).toEqual(['kept']);
    });

    it('ends its trying with the signal', async () => {
      const ended = AbortSignal.abort();
      expect(await opened.broker.ensureTopics([settings(topics[0])], { signal: ended })).toBe(false);
      expect(await opened.broker.open(name, { signal: ended })).toBeUndefined();
    });
  });
}
