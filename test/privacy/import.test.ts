import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as conversation from '../../src/commands/conversation.ts';
import { reserveFile, uploadFile } from '../../src/commands/file.ts';
import { setConversationMasking, setMaskedWords } from '../../src/commands/masking.ts';
import { changeProfile } from '../../src/commands/person.ts';
import { usualPrivacy } from '../../src/domain/privacy.ts';
import { usualRetention } from '../../src/domain/retention.ts';
import { getConversation, listConversations } from '../../src/projections/queries/conversations.ts';
import { listFiles } from '../../src/projections/queries/files.ts';
import { getConversationMasking, getMaskedWords } from '../../src/projections/queries/masking.ts';
import { listMessages } from '../../src/projections/queries/messages.ts';
import { getOwnProfile } from '../../src/projections/queries/people.ts';
import { getConversationRetention } from '../../src/projections/queries/retention.ts';
import { listRuns } from '../../src/projections/queries/runs.ts';
import type { QueryValue } from '../../src/projections/query.ts';
import { tarEnd, tarFile } from '../../src/workers/archive/tar.ts';
import { askFor, settled, startThread, typesOf } from '../harness/chat.ts';
import { installations, withModel } from '../harness/installations.ts';
import { type Installation, person } from '../harness/memory-annals.ts';
import { called, said } from '../harness/played-model.ts';
import { until } from '../harness/until.ts';
import { archiveOf, entriesOf, exported, imported, jobOf } from './archives.ts';

const start = installations();
const ada = person('ada');
const bob = person('bob');

const after = async ({ disk }: Installation) => ({ after: await disk.store.head(), timeoutMs: 20_000 });
async function asked<Data>(installation: Installation, who: typeof ada, query: QueryValue<Data>): Promise<Data> {
  const answer = await installation.kernel.ask(who, query, await after(installation));
  if (!answer.ok) throw new Error(`${answer.error.code}: ${answer.error.message}`);
  return answer.data;
}

/** What the queries answer of a person, with ids in the order in which they come instead of the ids themselves, and without revisions. */
async function everything(installation: Installation, who: typeof ada) {
  const found: unknown[] = [];
  const ask = async <Data>(query: QueryValue<Data>): Promise<Data> => {
    const data = await asked(installation, who, query);
    found.push(data);
    return data;
  };
  for (const state of ['active', 'archived', 'trashed'] as const) {
    const { conversations } = await ask(listConversations({ state }));
    for (const { id } of conversations) {
      const conversationId = id as never;
      await ask(getConversation({ conversationId }));
      await ask(listMessages({ conversationId }));
      await ask(listRuns({ conversationId }));
      found.push((await asked(installation, who, getConversationRetention({ conversationId }))).retention);
      found.push((await asked(installation, who, getConversationMasking({ conversationId }))).mode);
    }
  }
  await ask(getOwnProfile({}));
  await ask(getMaskedWords({}));
  const { files } = await asked(installation, who, listFiles({}));
  for (const { content, ...file } of files) {
    const bytes = content && (await installation.kernel.uploads.get(content));
    found.push({ ...file, bytes: bytes && Buffer.from(bytes).toString() });
  }
  const names = new Map<string, string>();
  const known = /^(?:thread_|msg_|run_|file-)/;
  const plain = (value: unknown): unknown => {
    if (typeof value === 'string' && known.test(value)) {
      if (!names.has(value)) names.set(value, `id ${names.size}`);
      return names.get(value);
    }
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => name !== 'revision')
        .map(([name, item]) => [name, plain(item)]),
    );
  };
  return plain(found);
}

/** An installation in which a person has done everything that an import brings along. */
async function lively(): Promise<Installation> {
  const model = withModel((_request, call) => {
    if (call === 2) return called({ id: 'call-1', name: 'nothing', input: { deep: ['x'] } });
    return said(`Answer ${call}, `, 'in two pieces.');
  });
  const installation = await start(model.options);
  const { kernel, clock } = installation;
  const pass = () => {
    clock.now = new Date(clock.now.getTime() + 1234);
  };
  const tell = async <Result>(command: Parameters<typeof kernel.tell<Result>>[1]): Promise<Result> => {
    pass();
    const told = await kernel.tell(ada, command);
    if (!told.ok) throw new Error(told.error.message);
    return told.result;
  };
  await tell(changeProfile({ person: ada.id, profile: { name: 'Ada', language: 'de' } }));
  await tell(setMaskedWords({ words: ['Byron'] }));
  const { fileId } = await tell(reserveFile({ filename: 'letter.txt' }));
  const put = await kernel.uploads.put({ principalId: ada.id, fileId, bytes: Buffer.from('Dear Mr Babbage'), mediaType: 'text/plain' });
  await tell(uploadFile({ fileId, ...put, size: 15, mediaType: 'text/plain' }));
  const { conversationId } = await tell(conversation.startConversation({ title: 'Engines', metadata: { tag: ['a'] }, externalId: 'ext-1' }));
  const parts = [
    { type: 'text' as const, text: 'Read this' },
    { type: 'file' as const, mediaType: 'text/plain', filename: 'letter.txt', fileId },
  ];
  const first = await tell(
    conversation.sendMessage({ conversationId, parts, alias: 'client-1', metadata: { a: 1 }, reply: true, onActive: 'refuse' }),
  );
  await settled(kernel, { conversationId, runId: first.runId as never });
  pass();
  const second = await askFor(kernel, ada, 'And call a tool', { thread: conversationId });
  await settled(kernel, second);
  pass();
  const again = await tell(conversation.requestReply({ conversationId, parentId: second.question, onActive: 'refuse' }));
  await settled(kernel, { conversationId, runId: again.runId as never });
  await tell(conversation.giveFeedback({ conversationId, messageId: second.messageId, rating: 'negative', comment: 'no' }));
  await tell(conversation.chooseBranch({ conversationId, messageId: second.messageId }));
  const { messageId } = await tell(
    conversation.appendMessage({ conversationId, role: 'assistant', parts: [{ type: 'text', text: 'By hand' }], parentId: null }),
  );
  await tell(
    conversation.replaceMessageContent({ conversationId, messageId: messageId as string, parts: [{ type: 'text', text: 'By hand, again' }] }),
  );
  await tell(conversation.adoptMessage({ conversationId, messageId: second.messageId, alias: 'row-7' }));
  await tell(conversation.setConversationRetention({ conversationId, retention: { keep: 'days', days: 30 } }));
  await tell(setConversationMasking({ conversationId, mode: 'on' }));
  pass();
  const archived = await askFor(kernel, ada, 'A thread whose title a model writes');
  await settled(kernel, archived);
  await until(async () => (await typesOf(installation.disk, `title-${archived.conversationId}`)).includes('TitleCallEnded'));
  await tell(conversation.archiveConversation({ conversationId: archived.conversationId }));
  const trashed = await startThread(kernel, ada);
  await tell(conversation.trashConversation({ conversationId: trashed }));
  return installation;
}

describe('an import', () => {
  test('into an empty server gives what the queries answered at the source, and calls nothing', { timeout: 60_000 }, async () => {
    const source = await lively();
    const { bytes } = await exported(source, ada);
    const spy = withModel(() => said('never'));
    const prompts: unknown[] = [];
    const [provider] = spy.options.providers ?? [];
    if (!provider) throw new Error('no provider');
    const stream: typeof provider.stream = (request) => {
      prompts.push(request);
      return provider.stream(request);
    };
    const target = await start({ providers: [{ ...provider, stream }], clock: { now: new Date('2026-06-01T00:00:00.000Z') } });
    const job = await imported(target.kernel, ada, bytes);
    expect(job).toMatchObject({ outcome: 'succeeded', facts: { conversations: 3, messages: 8, files: 1, known: 0 } });
    expect(await everything(target, ada)).toEqual(await everything(source, ada));
    expect(prompts).toEqual([]);
    expect(target.problems).toEqual([]);
  });

  test('a second time adds nothing; what was deleted meanwhile stays deleted, and what was changed stays changed', { timeout: 60_000 }, async () => {
    const source = await lively();
    const { bytes } = await exported(source, ada);
    const target = await start({ clock: { now: new Date('2026-06-01T00:00:00.000Z') } });
    await imported(target.kernel, ada, bytes);
    const before = await everything(target, ada);
    expect(await imported(target.kernel, ada, bytes)).toMatchObject({
      outcome: 'succeeded',
      facts: { conversations: 0, messages: 0, files: 0, known: 3 },
    });
    expect(await everything(target, ada)).toEqual(before);
    const [first] = (await asked(target, ada, listConversations({}))).conversations;
    await target.kernel.tell(ada, conversation.deleteConversation({ conversationId: first?.id as never }));
    await target.kernel.tell(ada, changeProfile({ person: ada.id, profile: { name: 'Countess' } }));
    await imported(target.kernel, ada, bytes);
    expect((await asked(target, ada, listConversations({}))).conversations).toEqual([]);
    expect(await asked(target, ada, getOwnProfile({}))).toMatchObject({ profile: { name: 'Countess', language: 'de' } });
  });

  test('into the account that it came from adds nothing', { timeout: 60_000 }, async () => {
    const source = await lively();
    const { bytes } = await exported(source, ada);
    const before = await everything(source, ada);
    expect(await imported(source.kernel, ada, bytes)).toMatchObject({
      outcome: 'succeeded',
      facts: { conversations: 0, messages: 0, files: 0, known: 3 },
    });
    expect(await everything(source, ada)).toEqual(before);
  });

  test('of another’s file is the importer’s under new ids, and touches nothing of the other', { timeout: 60_000 }, async () => {
    const source = await lively();
    const { bytes } = await exported(source, ada);
    const before = await everything(source, ada);
    const theirs = JSON.stringify(await asked(source, ada, listConversations({})));
    expect(await imported(source.kernel, bob, bytes)).toMatchObject({ outcome: 'succeeded', facts: { conversations: 3, messages: 8 } });
    expect(await everything(source, ada)).toEqual(before);
    const { conversations } = await asked(source, bob, listConversations({}));
    expect(conversations).toHaveLength(1);
    for (const { id } of conversations) {
      expect(theirs).not.toContain(id);
      const { messages } = await asked(source, bob, listMessages({ conversationId: id as never }));
      expect(messages.length).toBeGreaterThan(4);
      expect(await source.kernel.ask(ada, listMessages({ conversationId: id as never }))).toMatchObject({ error: { code: 'NotFound' } });
    }
    await source.kernel.tell(bob, conversation.deleteConversation({ conversationId: conversations[0]?.id as never }));
    expect(await everything(source, ada)).toEqual(before);
  });

  test('counts for retention from when it came, not from when it was written', { timeout: 60_000 }, async () => {
    const source = await lively();
    const { bytes } = await exported(source, ada);
    const privacy = { ...usualPrivacy, retention: { ...usualRetention, conversations: 24, trash: 24 } };
    const target = await start({ clock: { now: new Date('2027-01-01T00:00:00.000Z') }, privacy });
    await imported(target.kernel, ada, bytes);
    await after(target);
    await target.kernel.sweep();
    expect((await asked(target, ada, listConversations({}))).conversations).toHaveLength(1);
  });
});

describe('a file that is no export, or an evil one, is refused and changes nothing', () => {
  const manifest = {
    name: 'manifest.json',
    bytes: Buffer.from(JSON.stringify({ format: 'annals-export', version: 1, person: ada.id, createdAt: '2026-01-01T00:00:00.000Z' })),
  };
  const line = (name: string, value: unknown) => ({
    name: `${name}/000001.jsonl`,
    bytes: Buffer.from(`${typeof value === 'string' ? value : JSON.stringify(value)}\n`),
  });
  const head = {
    id: 'thread_x',
    title: null,
    titledBy: null,
    metadata: null,
    externalId: null,
    archived: false,
    trashed: false,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    lastMessageAt: '2026-01-01T00:00:00.000Z',
    leaf: null,
    retention: { keep: 'usual' },
    masking: 'usual',
  };
  const message = {
    id: 'msg_x',
    conversationId: 'thread_x',
    parentId: null,
    height: 0,
    role: 'user',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    parts: [{ type: 'text', text: 'x' }],
    metadata: null,
    aliases: [],
    adopted: false,
    feedback: null,
    run: null,
  };
  const raw = (change: (header: Buffer) => void) => {
    const file = tarFile({ name: 'conversations/000001.jsonl', bytes: Buffer.from('{}\n') }, 0);
    change(file);
    file.fill(' ', 148, 156);
    const sum = file.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    file.write(`${sum.toString(8).padStart(6, '0')}\0`, 148, 'ascii');
    return gzipSync(Buffer.concat([tarFile(manifest, 0), file, tarEnd()]));
  };
  const renamed = (name: string) => raw((header) => header.fill(0, 0, 100).write(name, 0, 'latin1'));
  const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;

  const cases: Readonly<Record<string, () => Buffer>> = {
    'no gzip': () => Buffer.from('not packed at all'),
    'a gzip that breaks off': () => archiveOf([manifest, line('conversations', head)]).subarray(0, -30),
    'a tar that breaks off': () => gzipSync(tarFile(manifest, 0)),
    'no manifest': () => archiveOf([line('conversations', head)]),
    'a manifest of something else': () => archiveOf([{ name: 'manifest.json', bytes: Buffer.from('{"format":"other"}') }]),
    'a path upwards': () => renamed('../../etc/passwd'),
    'an absolute path': () => renamed('/etc/passwd'),
    'a path with backslashes': () => renamed('..\\x'),
    'a drive': () => renamed('C:x'),
    'a symlink': () => raw((header) => header.write('2', 156)),
    'a hard link': () => raw((header) => header.write('1', 156)),
    'a device': () => raw((header) => header.write('3', 156)),
    'a header that says more': () => raw((header) => header.write('x', 156)),
    'a link’s target': () => raw((header) => header.write('target', 157)),
    'a wrong checksum': () => {
      const tar = Buffer.concat([tarFile(manifest, 0), tarEnd()]);
      tar[0] = 120;
      return gzipSync(tar);
    },
    'a size that is too large': () => raw((header) => header.write('77777777777\0', 124)),
    'the same name twice': () => archiveOf([manifest, line('conversations', head), line('conversations', head)]),
    'nesting without an end': () => archiveOf([manifest, line('conversations', `{"id":"thread_x","metadata":${deep}}`)]),
    'a message without its parent': () =>
      archiveOf([manifest, line('conversations', head), line('messages', { ...message, parentId: 'msg_nobody', height: 1 })]),
    'a wrong type': () => archiveOf([manifest, line('conversations', { ...head, id: { $ne: '' } })]),
  };

  test.each(Object.entries(cases))('%s', async (_name, make) => {
    const { kernel, disk } = await start();
    const job = await imported(kernel, ada, make());
    expect(job.outcome).toBe('failed');
    await until(async () => (await typesOf(disk, 'nothing')).length === 0);
    const found = await kernel.ask(ada, listConversations({}), { after: await disk.store.head(), timeoutMs: 20_000 });
    expect(found.ok && found.data.conversations.every(({ title }) => title === null)).toBe(true);
  });

  test('a bomb is refused within seconds, long before it is unpacked', { timeout: 60_000 }, async () => {
    const zeros = Buffer.alloc(100 * 1024 * 1024 - 1024);
    const bomb = archiveOf([manifest, ...Array.from({ length: 3 }, (_, n) => ({ name: `bytes/file-${n}`, bytes: zeros }))]);
    const { kernel } = await start();
    const began = process.cpuUsage();
    const before = process.memoryUsage().rss;
    const job = await imported(kernel, ada, bomb);
    expect(job.outcome).toBe('failed');
    expect(process.cpuUsage(began).user, 'microseconds').toBeLessThan(5_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
  });

  test('a member named __proto__ is left out, and nothing gets a property by it', async () => {
    const { kernel, disk } = await start();
    const evil = `${JSON.stringify(head).slice(0, -1)},"__proto__":{"admin":true}}`.replace(
      '"metadata":null',
      '"metadata":{"__proto__":{"admin":true},"a":1}',
    );
    const job = await imported(kernel, ada, archiveOf([manifest, line('conversations', evil)]));
    expect(job.outcome).toBe('succeeded');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    const found = await kernel.ask(ada, listConversations({}), { after: await disk.store.head(), timeoutMs: 20_000 });
    expect(found.ok && found.data.conversations[0]?.metadata).toEqual({ a: 1 });
  });

  test('a run that was never ended is brought along as ended, and nobody goes on with it', async () => {
    const { played, options } = withModel(() => said('never'));
    const { kernel } = await start(options);
    const run = {
      id: 'run_x',
      status: 'streaming',
      model: 'demo/demo',
      calls: 1,
      usage: null,
      finishReason: null,
      error: null,
      requestedAt: head.createdAt,
      startedAt: null,
      endedAt: null,
    };
    const answer = { ...message, id: 'msg_y', parentId: 'msg_x', height: 1, role: 'assistant', run };
    const job = await imported(
      kernel,
      ada,
      archiveOf([manifest, line('conversations', head), line('messages', `${JSON.stringify(message)}\n${JSON.stringify(answer)}`)]),
    );
    expect(job).toMatchObject({ outcome: 'succeeded', facts: { messages: 2 } });
    expect(played.calls).toEqual([]);
  });

  test('whatever bytes come, the server stays, and the job ends', { timeout: 60_000 }, async () => {
    const { kernel } = await start();
    const good = archiveOf([manifest, line('conversations', head), line('messages', message)]);
    const damaged = fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => {
      const bytes = Buffer.from(good);
      bytes[at] = byte;
      return bytes;
    });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          damaged,
          fc.uint8Array({ maxLength: 2000 }).map((bytes) => gzipSync(bytes)),
        ),
        async (bytes) => {
          expect(['succeeded', 'failed']).toContain((await imported(kernel, ada, bytes)).outcome);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('the entries of an archive are what was put in, however the bytes are cut', async () => {
  const entry = fc.record({ name: fc.stringMatching(/^[a-z]{1,20}$/), bytes: fc.uint8Array({ maxLength: 3000 }) });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(entry, { selector: ({ name }) => name }), async (entries) => {
      const read = await entriesOf(archiveOf(entries));
      expect(read.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('hex')])).toEqual(
        entries.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('hex')]),
      );
    }),
    { numRuns: 50 },
  );
});

test('a job of importing whose file is gone fails', async () => {
  const { kernel } = await start();
  const { requestJob } = await import('../../src/commands/job.ts');
  const told = await kernel.tell(ada, requestJob({ kind: 'import', person: ada.id }));
  if (!told.ok) throw new Error(told.error.message);
  await until(async () => (await jobOf(kernel, told.result.jobId)).outcome === 'failed');
});
