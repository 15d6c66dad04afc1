import { BACKWARDS, EventStoreDBClient } from '@eventstore/db-client';
import { Kafka, logLevel } from 'kafkajs';
import { MongoClient } from 'mongodb';
import { expect, onTestFinished, test } from 'vitest';
import { describeWith, eventstoreUrl, kafkaBrokers, mongodbUrl } from './servers.ts';

describeWith(['EVENTSTORE_URL'], 'the event store of this run', () => {
  test('answers its client', async () => {
    const client = EventStoreDBClient.connectionString(eventstoreUrl());
    onTestFinished(() => client.dispose());
    let events = 0;
    for await (const _ of client.readAll({ direction: BACKWARDS, maxCount: 1 })) events += 1;
    expect(events).toBeLessThanOrEqual(1);
  });
});

describeWith(['MONGODB_URL'], 'the document store of this run', () => {
  test('answers its client', async () => {
    const client = new MongoClient(mongodbUrl());
    onTestFinished(() => client.close());
    expect(await client.db().command({ ping: 1 })).toMatchObject({ ok: 1 });
  });
});

describeWith(['KAFKA_BROKERS'], 'the broker of this run', () => {
  test('answers its client', async () => {
    const admin = new Kafka({ brokers: [...kafkaBrokers()], logLevel: logLevel.NOTHING }).admin();
    onTestFinished(() => admin.disconnect());
    await admin.connect();
    expect(await admin.describeCluster()).toMatchObject({
      brokers: expect.arrayContaining([expect.objectContaining({ nodeId: expect.any(Number) })]),
    });
  });
});
