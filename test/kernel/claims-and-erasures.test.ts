import { describe, expect, test } from 'vitest';
import { createMemoryKeyVault } from '../../src/adapters/key-vault/memory.ts';
import { createSealer } from '../../src/adapters/key-vault/sealer.ts';
import { deleteConversation, renameConversation, sendMessage } from '../../src/commands/conversation.ts';
import { reserveFile } from '../../src/commands/file.ts';
import { claimAnonymous } from '../../src/commands/person.ts';
import { conversationStream } from '../../src/domain/conversation/index.ts';
import type { Sealed } from '../../src/domain/event.ts';
import { fileStream } from '../../src/domain/file.ts';
import type { FileId } from '../../src/domain/ids.ts';
import { runStream } from '../../src/domain/run/index.ts';
import { applyErasures } from '../../src/workers/apply-erasures.ts';
import { askFor, endOf, eventsOf, settled, startThread, threadOf, typesOf } from '../harness/chat.ts';
import { installations, withModel } from '../harness/installations.ts';
import { type Disk, person, readRun, textOf } from '../harness/memory-annals.ts';
import { said, saysThenHangs } from '../harness/played-model.ts';
import { until } from '../harness/until.ts';

const start = installations();
const ada = person('ada');
const visitor = person('visitor', 'anonymous');
const claim = claimAnonymous({ anonymous: visitor.id, by: ada.id });

const openAll = async (disk: Pick<Disk, 'store' | 'vault' | 'blobs'>, stream: string): Promise<unknown[]> => {
  const { open } = createSealer(disk);
  const sealed = (await eventsOf(disk, stream)).flatMap(({ id, data }) => (data.sealed ? [{ id, sealed: data.sealed as unknown as Sealed }] : []));
  return Promise.all(sealed.map((each) => open(each.sealed, each.id)));
};

describe('a claim', () => {
  test('gives the thread to whoever claimed it and takes it from the visitor', async () => {
    const { kernel } = await start({ workers: false });
    const conversationId = await startThread(kernel, visitor);
    expect(await kernel.tell(ada, renameConversation({ conversationId, title: 'Before' }))).toMatchObject({ ok: false, error: { code: 'NotFound' } });
    expect(await kernel.tell(ada, claim)).toMatchObject({ ok: true });
    expect(await kernel.tell(ada, renameConversation({ conversationId, title: 'Mine' }))).toMatchObject({ ok: true });
    expect(await kernel.tell(visitor, renameConversation({ conversationId, title: 'Back' }))).toMatchObject({
      ok: false,
      error: { code: 'NotFound' },
    });
    expect(await kernel.known.claimedBy(visitor.id)).toBe(ada.id);
    await kernel.progress.waitFor(
      ['claims'],
      (await kernel.loader.load(`person-${visitor.id}`, { initialState: () => 0, evolve: (count) => count })).position,
      { timeoutMs: 20_000 },
    );
    expect(await kernel.known.claimedOf(ada.id)).toEqual([visitor.id]);
  });

  test('is made once, and never of a person with a name', async () => {
    const { kernel, disk } = await start({ workers: false });
    await kernel.tell(ada, claim);
    expect(await kernel.tell(ada, claim)).toMatchObject({ ok: true });
    const bob = person('bob');
    expect(await kernel.tell(bob, claimAnonymous({ anonymous: visitor.id, by: bob.id }))).toMatchObject({
      ok: false,
      error: { code: 'AlreadyClaimed' },
    });
    expect(await kernel.tell(bob, claimAnonymous({ anonymous: ada.id, by: bob.id }))).toMatchObject({ ok: false, error: { code: 'NotFound' } });
    expect(await kernel.tell(bob, claim)).toMatchObject({ ok: false, error: { code: 'NotFound' } });
    expect(await typesOf(disk, `person-${visitor.id}`)).toEqual(['AnonymousClaimed']);
  });

  test('ends what the visitor follows, while its run goes on for the claimer', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { options } = withModel(async function* () {
      yield { type: 'text', text: 'Half ' };
      await gate;
      yield* said('whole');
    });
    const { kernel, disk } = await start(options);
    const asked = await askFor(kernel, visitor, 'Hello');
    const reading = readRun(kernel, visitor, asked.conversationId, asked.runId);
    const { items: feed } = (await kernel.follow(visitor, { topic: 'feed' }, { signal: AbortSignal.timeout(20_000) })) as never as {
      items: AsyncIterable<unknown>;
    };
    const feeding = (async () => {
      for await (const _ of feed);
    })();
    await until(async () => (await disk.liveLog.read(asked.runId)).length > 0);
    await kernel.tell(ada, claim);
    expect((await reading).some(({ type }) => type === 'finish')).toBe(false);
    await feeding;
    open();
    expect(await settled(kernel, asked)).toBe('completed');
    expect(textOf(await readRun(kernel, ada, asked.conversationId, asked.runId))).toBe('Half whole');
    await expect(readRun(kernel, visitor, asked.conversationId, asked.runId)).rejects.toThrow('NotFound');
  });
});

describe('deleting a thread', () => {
  test('erases every text in a copy of everything but the vault, also what comes after it', async () => {
    const { options } = withModel((request, call) => (call === 1 ? said('Secret answer') : saysThenHangs(request, 'Second secret')));
    const { kernel, disk } = await start(options);
    const asked = await askFor(kernel, ada, 'Secret question');
    await settled(kernel, asked);
    const second = await askFor(kernel, ada, 'Again', { thread: asked.conversationId });
    await until(async () => (await disk.liveLog.read(second.runId)).length > 0);
    const stolen = { store: disk.store, blobs: disk.blobs, vault: disk.vault };
    expect(JSON.stringify(await openAll(stolen, conversationStream(asked.conversationId)))).toContain('Secret question');
    await kernel.tell(ada, deleteConversation({ conversationId: asked.conversationId }));
    expect(await settled(kernel, second)).toBe('cancelled');
    await until(
      async () =>
        (await disk.vault.isDestroyed({ subject: ada.id, scope: asked.conversationId })) && (await disk.liveLog.read(asked.runId)).length === 0,
    );
    for (const stream of [conversationStream(asked.conversationId), runStream(asked.runId), runStream(second.runId)]) {
      const opened = await openAll(stolen, stream);
      expect(opened.length).toBeGreaterThan(0);
      expect(new Set(opened)).toEqual(new Set(['[erased]']));
    }
    expect(await endOf(disk, second.runId)).toMatchObject({ outcome: 'cancelled', text: '[erased]' });
    expect((await threadOf(kernel, asked.conversationId)).status).toBe('deleted');
  });

  test('ends whoever follows its run, and answers NotFound from then on', async () => {
    const { options } = withModel((request) => saysThenHangs(request, 'Half'));
    const { kernel, disk } = await start(options);
    const asked = await askFor(kernel, ada, 'Hello');
    const reading = readRun(kernel, ada, asked.conversationId, asked.runId);
    await until(async () => (await disk.liveLog.read(asked.runId)).length > 0);
    await kernel.tell(ada, deleteConversation({ conversationId: asked.conversationId }));
    expect((await reading).some(({ type }) => type === 'finish')).toBe(false);
    await expect(readRun(kernel, ada, asked.conversationId, asked.runId)).rejects.toThrow('NotFound');
  });

  test('deletes the files that were sent in it, and never another person’s whose id was named', async () => {
    const { kernel, disk } = await start(withModel(() => said('Hi')).options);
    const bob = person('bob');
    const [own, foreign] = await Promise.all([ada, bob].map((who) => kernel.tell(who, reserveFile({ filename: 'secret.txt' }))));
    if (!own?.ok || !foreign?.ok) throw new Error('no files');
    const conversationId = await startThread(kernel, ada);
    const file = (fileId: FileId) => ({ type: 'file' as const, mediaType: 'text/plain', fileId });
    await kernel.tell(
      ada,
      sendMessage({ conversationId, parts: [file(own.result.fileId), file(foreign.result.fileId)], reply: false, onActive: 'refuse' }),
    );
    await kernel.tell(ada, deleteConversation({ conversationId }));
    await until(async () => (await typesOf(disk, fileStream(own.result.fileId))).includes('FileDeleted'));
    const head = await disk.store.head();
    await until(() => kernel.reactions().every(({ position, inFlight }) => inFlight === 0 && position >= head));
    expect(await typesOf(disk, fileStream(foreign.result.fileId))).toEqual(['FileReserved']);
    expect(await openAll(disk, fileStream(foreign.result.fileId))).toEqual([expect.objectContaining({ filename: 'secret.txt' })]);
  });

  test('is applied again to an older vault before its first key is handed out', async () => {
    const { kernel, disk, stop } = await start(withModel(() => said('Secret')).options);
    const kept = await askFor(kernel, ada, 'Kept');
    const gone = await askFor(kernel, ada, 'Gone');
    await settled(kernel, kept);
    await settled(kernel, gone);
    await stop();
    // A vault as it was before the deletion: the same keys, no erasure, its mark where it stood then.
    const { kernel: next } = await start({ disk: { ...disk, vault: { ...disk.vault, destroyScope: async () => undefined } } });
    await next.tell(ada, deleteConversation({ conversationId: gone.conversationId }));
    expect(await openAll(disk, runStream(gone.runId))).not.toContain('[erased]');
    expect(await applyErasures(disk.store, disk.vault)).toBe(1);
    expect(await openAll(disk, runStream(gone.runId))).toEqual(['[erased]']);
    expect(await openAll(disk, runStream(kept.runId))).not.toContain('[erased]');
    expect(await applyErasures(disk.store, disk.vault)).toBe(0);
  });
});

test('a key that is absent opens to [unreadable], and nothing is created in its place', async () => {
  const { kernel, disk } = await start(withModel(() => said('Hi')).options);
  const asked = await askFor(kernel, ada, 'Hello');
  await settled(kernel, asked);
  const empty = createMemoryKeyVault();
  let made = 0;
  const getOrCreate: typeof empty.getOrCreate = (scope) => {
    made++;
    return empty.getOrCreate(scope);
  };
  const vault = { ...empty, getOrCreate };
  const opened = await openAll({ ...disk, vault }, conversationStream(asked.conversationId));
  expect(new Set(opened)).toEqual(new Set(['[unreadable]']));
  expect(made).toBe(0);
});

test('a sealed value that was moved to another event does not open there', async () => {
  const { kernel, disk } = await start(withModel(() => said('Right answer')).options);
  const asked = await askFor(kernel, ada, 'Hello');
  await settled(kernel, asked);
  const [message] = (await eventsOf(disk, conversationStream(asked.conversationId))).filter(({ type }) => type === 'MessageSent');
  const store: Disk['store'] = {
    ...disk.store,
    async *read(stream, options) {
      for await (const event of disk.store.read(stream, options))
        yield event.type === 'RunEnded' ? { ...event, data: { ...event.data, sealed: message?.data.sealed as never } } : event;
    },
  };
  for (const entry of await disk.liveLog.read(asked.runId)) await disk.liveLog.expire(entry.run, 0);
  await disk.liveLog.sweep(1);
  const forged = await start({ disk: { ...disk, store }, workers: false });
  const items = await readRun(forged.kernel, ada, asked.conversationId, asked.runId);
  expect(textOf(items)).toBe('[unreadable]');
});
