import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createKafkaBroker } from '../../src/adapters/broker/kafka.ts';
import { createMemoryDocumentStore } from '../../src/adapters/document-store/memory.ts';
import { createMemoryEventStore } from '../../src/adapters/event-store/memory.ts';
import * as conversation from '../../src/commands/conversation.ts';
import { reserveFile } from '../../src/commands/file.ts';
import { reportClient } from '../../src/commands/person.ts';
import { answerApproval } from '../../src/commands/run.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { createGateway, type Gateway, type GatewayParts } from '../../src/workers/gateway/index.ts';
import { resetGateway } from '../../src/workers/gateway/place.ts';
import { channelsOf } from '../../src/workers/gateway/topics.ts';
import { formsOf } from '../e2e/process/canaries.ts';
import { askFor, settled } from '../harness/chat.ts';
import { type Installation, person, readRun, startAnnals } from '../harness/memory-annals.ts';
import { until } from '../harness/until.ts';
import { firstTimes, sendMessages, upTo } from '../workers/gateway-log.ts';
import { describeTopic, readTopics } from './broker-reader.ts';
import { describeWith, kafkaBrokers } from './servers.ts';

const secret = Buffer.from('a secret that serves nothing else');
const canary = (place: string): string => `Kanarienvogel-${place}-7c1d`;
const said = ['text', 'title', 'metadata', 'alias', 'external', 'tool', 'comment', 'filename', 'report', 'body', 'reason', 'model'].map(canary);

/** Does once whatever can carry a text of a person's. */
async function confide({ kernel }: Installation, who: Principal): Promise<void> {
  const tell = async (command: Parameters<typeof kernel.tell<unknown>>[1]): Promise<void> => {
    const told = await kernel.tell<unknown>(who, command);
    if (!told.ok) throw new Error(told.error.code);
  };
  const first = await askFor(kernel, who, canary('text'));
  await settled(kernel, first);
  const target = { conversationId: first.conversationId };
  await tell(conversation.renameConversation({ ...target, title: canary('title') }));
  await tell(conversation.setConversationMetadata({ ...target, metadata: { [canary('metadata')]: canary('metadata') } }));
  await tell(conversation.startConversation({ title: canary('title'), externalId: canary('external') }));
  await tell(conversation.giveFeedback({ ...target, messageId: first.messageId, rating: 'positive', comment: canary('comment') }));
  const parts = [{ type: 'text' as const, text: canary('text') }];
  await tell(conversation.appendMessage({ ...target, role: 'user', parts, parentId: null, alias: canary('alias') }));
  await tell(reserveFile({ filename: canary('filename') }));
  const day = '2026-01-01';
  await tell(reportClient({ day, reports: [{ kind: 'event', name: canary('report'), body: { a: canary('body') } }] }));
  const card = await askFor(kernel, who, `/call postcard ${JSON.stringify({ to: canary('tool') })}`);
  const items = await readRun(kernel, who, card.conversationId, card.runId);
  const approval = items.findLast((item) => item.type === 'tool' && item.part.approval !== undefined);
  const approvalId = approval?.type === 'tool' ? (approval.part.approval?.id ?? '') : '';
  const { conversationId, runId, messageId } = card;
  await tell(answerApproval({ conversationId, runId, messageId, approvalId, approved: false, reason: canary('reason') }));
  await settled(kernel, card);
  const other = await kernel.tell(
    who,
    conversation.sendMessage({ ...target, parts, model: `${canary('model')} of mine`, reply: true, onActive: 'refuse' }),
  );
  if (other.ok && other.result.runId) await settled(kernel, { ...target, runId: other.result.runId });
}

const published = async (gateway: Gateway, { store }: Pick<GatewayParts, 'store'>): Promise<boolean> =>
  gateway.status().position === (await store.head());

async function whileRunning(given: GatewayParts, work: (gateway: Gateway) => Promise<void>): Promise<void> {
  const gateway = createGateway(given);
  const stopping = new AbortController();
  const ended = gateway.run(stopping.signal);
  await work(gateway);
  stopping.abort();
  await ended;
}

describeWith(['KAFKA_BROKERS'], 'the gateway to Kafka', () => {
  const prefix = (): string => `test-${randomUUID()}.`;
  const topics = (of: string): string[] => channelsOf(of).map(({ topic }) => topic);
  const broker = () => createKafkaBroker({ brokers: kafkaBrokers(), log: () => undefined });

  test('nothing that a person said, and no person’s id, is in any message', async () => {
    const annals = await startAnnals();
    const names = ['kanarienhalterin', 'kanarienhalter'];
    for (const name of names) await confide(annals, person(name));
    await annals.stop();
    const given = { store: annals.disk.store, state: annals.disk.state, broker: broker(), secret, prefix: prefix() };
    await whileRunning(given, (gateway) => until(() => published(gateway, given)));
    await given.broker.close();
    const messages = await readTopics(topics(given.prefix));
    expect(new Set(messages.map(({ headers }) => headers.ce_type)).size).toBeGreaterThan(12);
    expect(messages.some(({ value }) => value.includes('"toolName":"postcard"'))).toBe(true);
    const bytes = Buffer.from(messages.map(({ topic, key, headers, value }) => `${topic}\n${key}\n${JSON.stringify(headers)}\n${value}`).join('\n'));
    const found = [...said, ...names].flatMap((text) =>
      formsOf(text).flatMap(([form, sought]) => (bytes.includes(sought) ? [`${text} as ${form}`] : [])),
    );
    expect(found).toEqual([]);
    expect(bytes.includes('"sealed"')).toBe(false);
  });

  test('each stream arrives in order and whole, through backfills, and topics are as they should be', async () => {
    const given = { store: createMemoryEventStore(), state: createMemoryDocumentStore(), broker: broker(), secret, prefix: prefix() };
    const names = ['a', 'b', 'c', 'd'];
    await whileRunning(given, async (gateway) => {
      await Promise.all(names.map((name) => sendMessages(given.store, name, 400)));
      await until(() => published(gateway, given));
      await resetGateway(given, 'start');
      await until(() => gateway.status().published >= 3200);
    });
    await given.broker.close();
    const messages = await readTopics(topics(given.prefix));
    expect(messages).toHaveLength(3200);
    expect(Object.fromEntries(firstTimes(messages))).toEqual(Object.fromEntries(names.map((name) => [`conversation-thread_${name}`, upTo(400)])));
    const { partitions, config } = await describeTopic(`${given.prefix}conversation`);
    expect(partitions).toBe(6);
    expect(config).toMatchObject({ 'retention.ms': '-1', 'cleanup.policy': 'delete', 'min.insync.replicas': '1', 'max.message.bytes': '2097152' });
  });

  test('two that both believe to be the one keep the order all the same', async () => {
    const given = { store: createMemoryEventStore(), state: createMemoryDocumentStore(), secret, prefix: prefix() };
    const brokers = [broker(), broker()] as const;
    await whileRunning({ ...given, broker: brokers[0] }, async (first) =>
      whileRunning({ ...given, broker: brokers[1] }, async (second) => {
        await sendMessages(given.store, 'a', 300);
        await until(async () => (await published(first, given)) || (await published(second, given)));
      }),
    );
    for (const each of brokers) await each.close();
    expect(firstTimes(await readTopics(topics(given.prefix))).get('conversation-thread_a')).toEqual(upTo(300));
  });
});
