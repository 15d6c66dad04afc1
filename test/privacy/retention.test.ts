import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSealer } from '../../src/adapters/key-vault/sealer.ts';
import { restoreConversation, sendMessage, setConversationRetention, trashConversation } from '../../src/commands/conversation.ts';
import { reserveFile } from '../../src/commands/file.ts';
import { reportClient } from '../../src/commands/person.ts';
import { changeRetentionPolicy } from '../../src/commands/retention.ts';
import { conversationStream } from '../../src/domain/conversation/index.ts';
import type { Sealed } from '../../src/domain/event.ts';
import type { ConversationId } from '../../src/domain/ids.ts';
import { usualPrivacy } from '../../src/domain/privacy.ts';
import { cutoff, deletedAt, type RetentionPolicy, usualRetention } from '../../src/domain/retention.ts';
import { getConversationRetention, listDueForDeletion } from '../../src/projections/queries/retention.ts';
import { collectionOf } from '../../src/projections/view.ts';
import { accountBursts, networkBursts } from '../../src/projections/views/bursts.ts';
import { retentionDue } from '../../src/projections/views/retention.ts';
import { security } from '../../src/projections/views/security.ts';
import { applyErasures } from '../../src/workers/apply-erasures.ts';
import { eventsOf, startThread, threadOf } from '../harness/chat.ts';
import { installations } from '../harness/installations.ts';
import { administrator, type Installation, person } from '../harness/memory-annals.ts';
import { until } from '../harness/until.ts';

const start = installations();
const ada = person('ada');
const DAY = 24 * 3600_000;
const privacyOf = (retention: Partial<RetentionPolicy>) => ({ ...usualPrivacy, retention: { ...usualRetention, ...retention } });

const pass = ({ clock }: Installation, ms: number): void => {
  clock.now = new Date(clock.now.getTime() + ms);
};
/** Lets the views catch up, then sweeps until nothing is left. */
async function sweep({ kernel, disk, clock }: Installation): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    const names = kernel.progress.status().map(({ view }) => view);
    await kernel.progress.waitFor(names, await disk.store.head(), { timeoutMs: 20_000 });
    clock.now = new Date(clock.now.getTime() + 61_000);
    await kernel.sweep();
  }
}
const statusOf = async ({ kernel }: Installation, id: string) => (await threadOf(kernel, id)).status;
const send = async ({ kernel }: Installation, conversationId: ConversationId, text = 'hello') => {
  const told = await kernel.tell(ada, sendMessage({ conversationId, parts: [{ type: 'text', text }], reply: false, onActive: 'refuse' }));
  if (!told.ok) throw new Error(told.error.code);
};
const openFirst = async ({ disk }: Installation, stream: string) => {
  const [event] = (await eventsOf(disk, stream)).filter(({ data }) => data.sealed);
  return createSealer(disk).open(event?.data.sealed as unknown as Sealed);
};

describe('a thread is kept', () => {
  test('for ever where nobody says otherwise, even after 400 days', async () => {
    const installation = await start();
    const id = await startThread(installation.kernel, ada);
    pass(installation, 400 * DAY);
    await sweep(installation);
    expect(await statusOf(installation, id)).toBe('active');
  });

  test('until so long after its last activity, whether that is the installation’s word or its owner’s', async () => {
    const installation = await start({ privacy: privacyOf({ conversations: 30 * 24 }) });
    const { kernel } = installation;
    const [idle, used, kept, shorter, ephemeral] = await Promise.all(Array.from({ length: 5 }, () => startThread(kernel, ada)));
    const ids = { idle, used, kept, shorter, ephemeral } as Record<string, ConversationId>;
    const rule = (id: string, retention: Parameters<typeof setConversationRetention>[0]['retention']) =>
      kernel.tell(ada, setConversationRetention({ conversationId: ids[id] as ConversationId, retention }));
    await rule('kept', { keep: 'forever' });
    await rule('shorter', { keep: 'days', days: 2 });
    await rule('ephemeral', { keep: 'ephemeral', hours: 5 });
    const status = async () =>
      Object.fromEntries(await Promise.all(Object.entries(ids).map(async ([name, id]) => [name, await statusOf(installation, id)])));
    pass(installation, 4 * 3600_000);
    await send(installation, ids.ephemeral as ConversationId);
    await sweep(installation);
    expect(Object.values(await status())).not.toContain('deleted');
    pass(installation, DAY);
    await sweep(installation);
    expect(await status()).toEqual({ idle: 'active', used: 'active', kept: 'active', shorter: 'active', ephemeral: 'deleted' });
    pass(installation, 20 * DAY);
    await send(installation, ids.used as ConversationId);
    await sweep(installation);
    expect(await status()).toEqual({ idle: 'active', used: 'active', kept: 'active', shorter: 'deleted', ephemeral: 'deleted' });
    pass(installation, 10 * DAY);
    await sweep(installation);
    expect(await status()).toEqual({ idle: 'deleted', used: 'active', kept: 'active', shorter: 'deleted', ephemeral: 'deleted' });
    await until(async () => (await openFirst(installation, conversationStream(ids.ephemeral ?? ''))) === '[erased]');
    expect(await openFirst(installation, conversationStream(ids.used ?? ''))).not.toBe('[erased]');
  });

  test('in the trash for its own time, and one that comes back counts anew', async () => {
    const installation = await start({ privacy: privacyOf({ trash: 48, conversations: 72 }) });
    const [trashed, restored] = [await startThread(installation.kernel, ada), await startThread(installation.kernel, ada)];
    for (const conversationId of [trashed, restored]) await installation.kernel.tell(ada, trashConversation({ conversationId }));
    pass(installation, 40 * 3600_000);
    await installation.kernel.tell(ada, restoreConversation({ conversationId: restored }));
    pass(installation, 9 * 3600_000);
    await sweep(installation);
    expect([await statusOf(installation, trashed), await statusOf(installation, restored)]).toEqual(['deleted', 'active']);
  });

  test('when something happens to it at the last moment', async () => {
    const installation = await start({ privacy: privacyOf({ conversations: 24 }), workers: false });
    const { kernel, disk } = installation;
    const id = await startThread(kernel, ada);
    await kernel.progress.waitFor(['retention'], await disk.store.head(), { timeoutMs: 20_000 });
    pass(installation, 2 * DAY);
    const before = await disk.documents.getMany(collectionOf(retentionDue), [id]);
    const stale = {
      ...disk.documents,
      find: async (name: string) => ({ documents: name === collectionOf(retentionDue) ? [...before.values()] : [] }),
    };
    await send(installation, id);
    const { sweepRetention } = await import('../../src/workers/retention.ts');
    const { viewsOf } = await import('../../src/projections/ask.ts');
    const views = viewsOf(stale as never);
    const parts = {
      tell: kernel.tell,
      loader: kernel.loader,
      views,
      now: () => installation.clock.now,
      usual: privacyOf({ conversations: 24 }).retention,
    };
    expect(await sweepRetention(parts)).toBe(1);
    expect(await statusOf(installation, id)).toBe('active');
  });
});

describe('a shorter time', () => {
  test('deletes nothing for a week, in which owners see what is going to happen', async () => {
    const installation = await start();
    const { kernel, disk } = installation;
    const id = await startThread(kernel, ada);
    pass(installation, 100 * DAY);
    await kernel.tell(administrator, changeRetentionPolicy({ policy: { ...usualRetention, conversations: 24 } }));
    const changed = installation.clock.now.getTime();
    await sweep(installation);
    expect(await statusOf(installation, id)).toBe('active');
    const after = await disk.store.head();
    const due = await kernel.ask(ada, listDueForDeletion({ withinDays: 14 }), { after });
    expect(due.ok && due.data.due).toEqual([
      { id, kind: 'conversations', deletedAt: new Date(changed + 7 * DAY).toISOString(), because: 'installation' },
    ]);
    expect(await kernel.ask(ada, getConversationRetention({ conversationId: id }))).toMatchObject({
      data: { retention: { keep: 'usual' }, deletedAt: new Date(changed + 7 * DAY).toISOString() },
    });
    expect(await kernel.ask(person('bob'), getConversationRetention({ conversationId: id }))).toMatchObject({ ok: false });
    pass(installation, 7 * DAY);
    await sweep(installation);
    expect(await statusOf(installation, id)).toBe('deleted');
  });

  test('that binds goes over what owners say, also only after a week', async () => {
    const installation = await start();
    const { kernel } = installation;
    const id = await startThread(kernel, ada);
    await kernel.tell(ada, setConversationRetention({ conversationId: id, retention: { keep: 'forever' } }));
    await kernel.tell(administrator, changeRetentionPolicy({ policy: { ...usualRetention, conversations: 24 } }));
    pass(installation, 20 * DAY);
    await sweep(installation);
    expect(await statusOf(installation, id)).toBe('active');
    await kernel.tell(administrator, changeRetentionPolicy({ policy: { ...usualRetention, conversations: 24, binding: true } }));
    pass(installation, 2 * DAY);
    await sweep(installation);
    expect(await statusOf(installation, id)).toBe('active');
    pass(installation, 6 * DAY);
    await sweep(installation);
    expect(await statusOf(installation, id)).toBe('deleted');
  });
});

test('records of access go after their time: the network and every entry on the security page, not what the log has by id', async () => {
  const installation = await start({ privacy: privacyOf({ access: 48 }) });
  const { kernel, disk, clock } = installation;
  const stream = `access-person_visitors-${clock.now.toISOString().slice(0, 10)}`;
  for (let n = 0; n < 3; n++)
    kernel.security.record({
      kind: 'login-failed',
      door: 'POST /api/login',
      reason: 'WrongPassword',
      address: '203.0.113.7',
      account: `who${n}@example.org`,
    });
  kernel.refusals.shown({ ...ada, roles: ['administrator'] }, ['person_bob'], 'getPerson', 'person_bob');
  await kernel.security.flush();
  await kernel.refusals.flush();
  const count = async (view: Parameters<typeof collectionOf>[0]) => {
    await kernel.progress.waitFor([view.name], await disk.store.head(), { timeoutMs: 20_000 });
    return disk.documents.count(collectionOf(view), {});
  };
  expect(await openFirst(installation, stream)).toMatchObject({ range: '203.0.113.0/24' });
  expect([await count(security), await count(accountBursts), await count(networkBursts)]).toEqual([4, 4, 1]);
  await kernel.sweep();
  pass(installation, DAY);
  await sweep(installation);
  expect(await openFirst(installation, stream)).toMatchObject({ range: '203.0.113.0/24' });
  pass(installation, 4 * DAY);
  await sweep(installation);
  await until(async () => (await openFirst(installation, stream)) === '[erased]');
  // What stays is the alert that was raised.
  await until(async () => (await count(security)) === 1);
  await until(async () => (await count(accountBursts)) + (await count(networkBursts)) === 0);
  expect(await applyErasures(disk.store, disk.vault)).toBeGreaterThan(0);
});

test('after 400 days nothing is overdue, whatever there was', { timeout: 60_000 }, async () => {
  const retention = { conversations: 200 * 24, trash: 24, uploads: 48, reports: 90 * 24 };
  const installation = await start({ privacy: privacyOf(retention) });
  const { kernel, disk, clock } = installation;
  for (let n = 0; n < 30; n++) {
    const id = await startThread(kernel, ada);
    await send(installation, id);
    if (n % 3 === 0) await kernel.tell(ada, trashConversation({ conversationId: id }));
    await kernel.tell(ada, reserveFile({ filename: `file ${n}` }));
    const day = clock.now.toISOString().slice(0, 10);
    await kernel.tell(ada, reportClient({ day, reports: [{ kind: 'event', name: 'click', body: { where: 'here' } }] }));
    pass(installation, DAY);
  }
  const telemetry = `telemetry-${ada.id}-2026-01-01`;
  expect(await openFirst(installation, telemetry)).toEqual({ body: { where: 'here' } });
  pass(installation, 400 * DAY);
  await sweep(installation);
  await kernel.progress.waitFor(['retention'], await disk.store.head(), { timeoutMs: 20_000 });
  expect(await disk.documents.count(collectionOf(retentionDue), {})).toBe(0);
  await until(async () => (await openFirst(installation, telemetry)) === '[erased]');
  expect(await applyErasures(disk.store, disk.vault)).toBeGreaterThan(60);
});

test('what is due by the cutoff is what is shown to be deleted by now', () => {
  const time = fc.integer({ min: 0, max: 1e12 }).map((ms) => new Date(ms).toISOString());
  fc.assert(
    fc.property(fc.option(fc.integer({ min: 1, max: 1e6 })), fc.option(time), time, time, (hours, from, since, now) => {
      const retention = { policy: { ...usualRetention, conversations: hours }, notBefore: from === null ? {} : { conversations: from } };
      const before = cutoff(retention, 'conversations', now);
      const at = deletedAt(retention, 'conversations', since);
      expect(before !== undefined && since <= before).toBe(at !== undefined && at <= now);
    }),
  );
});
