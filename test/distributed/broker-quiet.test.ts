import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createKafkaBroker } from '../../src/adapters/broker/kafka.ts';
import { until } from '../harness/until.ts';
import { describeWith, kafkaBrokers } from './servers.ts';

const never = (): AbortSignal => new AbortController().signal;

// In a process of its own: Node gives this warning once.
describeWith(['KAFKA_BROKERS'], 'Kafka, quietly', () => {
  test('Node has nothing to warn of, and nothing is left open', async () => {
    const warnings: string[] = [];
    const hear = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', hear);
    const broker = createKafkaBroker({ brokers: kafkaBrokers(), log: () => undefined });
    const topic = `test-${randomUUID()}`;
    await broker.ensureTopics([{ topic, partitions: 1, config: {} }], { signal: never() });
    const publisher = await broker.open(topic, { signal: never() });
    expect(await publisher?.publish([{ topic, key: 'a', headers: {}, value: '1' }], { signal: never() })).toEqual({ ok: true });
    await setImmediate();
    await broker.close();
    await until(() => !process.getActiveResourcesInfo().includes('TCPSocketWrap'));
    process.off('warning', hear);
    expect(warnings).toEqual([]);
  });
});
