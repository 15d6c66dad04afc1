import { expect, test } from 'vitest';
import * as conversation from '../../src/commands/conversation.ts';
import { reserveFile, uploadFile } from '../../src/commands/file.ts';
import { requestJob } from '../../src/commands/job.ts';
import { setMaskedWords } from '../../src/commands/masking.ts';
import { changeProfile, createToken } from '../../src/commands/person.ts';
import { registerProviderKey } from '../../src/commands/provider-key.ts';
import type { RecordedEvent } from '../../src/domain/event.ts';
import { ExportedPerson, exportParts, Manifest } from '../../src/domain/export/format.ts';
import { exportPart } from '../../src/domain/export/index.ts';
import { exportRules } from '../../src/domain/export/rules.ts';
import type { JobId, PersonId } from '../../src/domain/ids.ts';
import { eventDefinitions } from '../../src/domain/index.ts';
import { usualRotation } from '../../src/domain/provider-key.ts';
import { getExport, listExports } from '../../src/projections/queries/exports.ts';
import { getPerson } from '../../src/projections/queries/people.ts';
import { exportedData } from '../../src/workers/export/records.ts';
import { askFor, settled, typesOf } from '../harness/chat.ts';
import { eventfulLog } from '../harness/history.ts';
import { installations } from '../harness/installations.ts';
import { administrator, newDisk, person } from '../harness/memory-annals.ts';
import type { Write } from '../harness/severed.ts';
import { until } from '../harness/until.ts';
import { ended, entriesOf, exported, fileOf, linesIn } from './archives.ts';

const start = installations();
const ada = person('ada');
const bob = person('bob');

test('of every type of event it has been decided how it appears in an export', () => {
  const types = eventDefinitions.map(({ type }) => type);
  expect(types.filter((type) => !(type in exportRules))).toEqual([]);
  expect(Object.keys(exportRules).filter((type) => !types.includes(type))).toEqual([]);
});

test('every event of a person’s data is in the export, of every type there is, and nobody else’s', { timeout: 60_000 }, async () => {
  const log = await eventfulLog();
  const installation = await start();
  const { disk } = installation;
  const streams = Map.groupBy(log, ({ stream }) => stream);
  for (const [stream, events] of streams) await disk.store.append(stream, events.map(plain), 'any');
  const subjects = Map.groupBy(log, ({ metadata }) => metadata.subject as string);
  const [whose = ''] = [...subjects].toSorted(([, one], [, other]) => other.length - one.length)[0] ?? [];
  const who = { ...ada, id: whose as PersonId };
  const { bytes } = await exported(installation, who);
  const found = linesIn(await entriesOf(bytes), 'events');
  const claimed = log.filter(({ type, data }) => type === 'AnonymousClaimed' && data.by === whose).map(({ data }) => String(data.anonymous));
  const own = ({ metadata }: RecordedEvent): boolean => [whose, ...claimed].includes(metadata.subject);
  const ids = new Set(found.map(({ id }) => id));
  const wanted = log.filter(own);
  expect(wanted.length).toBeGreaterThan(20);
  expect(claimed.length).toBeGreaterThan(0);
  expect(wanted.filter(({ id }) => !ids.has(id)).map(({ type }) => type)).toEqual([]);
  expect(log.filter((event) => !own(event) && ids.has(event.id))).toEqual([]);
});

const plain = ({ id, type, version, data, metadata }: RecordedEvent) => ({ id, type, version, data, metadata });
test('an export has everything a person wrote, was answered and uploaded, in the documented form, and no secret', async () => {
  const installation = await start();
  const { kernel, disk } = installation;
  await kernel.tell(ada, changeProfile({ person: ada.id, profile: { name: 'Ada L.', email: 'ada@example.org' } }));
  await kernel.tell(ada, setMaskedWords({ words: ['Byron'] }));
  await kernel.tell(ada, createToken({ person: ada.id, tokenId: 'token-1', scopes: ['read'] }));
  const key = {
    owner: 'self',
    provider: 'openai',
    description: 'for work',
    scopes: {},
    rotation: usualRotation,
    apiKey: 'sk-canary-1234567890',
  } as const;
  await kernel.tell(ada, registerProviderKey(key));
  const asked = await askFor(kernel, ada, '/echo the answer');
  await settled(kernel, asked);
  await kernel.tell(
    ada,
    conversation.giveFeedback({ conversationId: asked.conversationId, messageId: asked.messageId, rating: 'positive', comment: 'good' }),
  );
  const reserved = await kernel.tell(ada, reserveFile({ filename: 'notes.txt' }));
  if (!reserved.ok) throw new Error(reserved.error.code);
  const { fileId } = reserved.result;
  const bytes = Buffer.from('the bytes of a file');
  const put = await kernel.uploads.put({ principalId: ada.id, fileId, bytes, mediaType: 'text/plain' });
  await kernel.tell(ada, uploadFile({ fileId, ...put, size: bytes.byteLength, mediaType: 'text/plain' }));
  const foreign = await askFor(kernel, bob, 'a secret of Bob’s');
  await settled(kernel, foreign);
  await kernel.ask(administrator, getPerson({ person: ada.id }), { after: await disk.store.head(), timeoutMs: 20_000 });
  await kernel.refusals.flush();

  const file = await exported(installation, ada);
  const entries = await entriesOf(file.bytes);
  expect(entries[0]?.name).toBe('manifest.json');
  Manifest.parse(JSON.parse(Buffer.from(entries[0]?.bytes ?? []).toString()));
  const about = ExportedPerson.parse(JSON.parse(Buffer.from(entries.find(({ name }) => name === 'person.json')?.bytes ?? []).toString()));
  expect(about).toMatchObject({ person: ada.id, profile: { name: 'Ada L.' }, maskedWords: ['Byron'] });
  for (const [part, schema] of Object.entries(exportParts)) for (const line of linesIn(entries, part)) schema.parse(line);
  expect(linesIn(entries, 'messages')).toMatchObject([
    { role: 'user', parts: [{ text: '/echo the answer' }] },
    {
      role: 'assistant',
      parts: [{ text: 'the answer' }],
      feedback: { rating: 'positive', comment: 'good' },
      run: { status: 'completed', model: 'demo/demo' },
    },
  ]);
  expect(linesIn(entries, 'files')).toMatchObject([{ filename: 'notes.txt', content: `bytes/${fileId}` }]);
  expect(Buffer.from(entries.find(({ name }) => name === `bytes/${fileId}`)?.bytes ?? []).toString()).toBe('the bytes of a file');
  expect(linesIn(entries, 'credentials')).toMatchObject([
    { kind: 'token', id: 'token-1' },
    { kind: 'provider-key', description: 'for work', lastFour: '7890' },
  ]);
  expect(linesIn(entries, 'recipients')).toMatchObject([{ provider: 'demo', models: ['demo/demo'], prompts: 1 }]);
  expect(linesIn(entries, 'audit')).toContainEqual(expect.objectContaining({ actor: administrator.id, outcome: 'read' }));
  const all = Buffer.concat(entries.map((entry) => Buffer.from(entry.bytes))).toString();
  expect(all).not.toContain('sk-canary');
  expect(all).not.toContain('secret of Bob');
});

test('what an event hides, and what it has of a type that nobody decided about, is not exported', () => {
  const sealed = { words: ['x'], apiKey: 'hidden' };
  expect(exportedData('ProviderKeyRotated', { keyId: 'k', sealed: { apiKey: 'key.cipher', baseUrl: null } })).toEqual({ keyId: 'k', baseUrl: null });
  expect(exportedData('Unheard', { a: 1, sealed })).toEqual({ a: 1 });
  expect(exportedData('Known', { a: 1, sealed }, { without: ['words'], because: 'a test' })).toEqual({ a: 1, apiKey: 'hidden' });
  expect(exportedData('MaskedWordsChanged', { count: 1, sealed: '[erased]' })).toEqual({ count: 1, sealed: '[erased]' });
});

test('only its owner has the file, for a day; then its key is destroyed and its bytes are gone', async () => {
  const installation = await start();
  const { kernel, disk, clock } = installation;
  await settled(kernel, await askFor(kernel, ada, 'hello'));
  const { jobId, bytes } = await exported(installation, ada);
  expect(bytes.byteLength).toBeGreaterThan(500);
  expect(await disk.blobs.get(exportPart(jobId, 0))).toBeDefined();
  expect(Buffer.from((await disk.blobs.get(exportPart(jobId, 0))) ?? []).includes(bytes.subarray(0, 16))).toBe(false);
  for (const who of [bob, administrator]) expect(await kernel.ask(who, getExport({ jobId }))).toMatchObject({ error: { code: 'NotFound' } });
  expect(await kernel.ask(ada, listExports({}))).toMatchObject({ data: { exports: [{ jobId, ready: true }] } });
  clock.now = new Date(clock.now.getTime() + 25 * 3600_000);
  expect(await kernel.ask(ada, getExport({ jobId }))).toMatchObject({ error: { code: 'NotFound' } });
  await kernel.sweep();
  await until(async () => (await disk.blobs.get(exportPart(jobId, 0))) === undefined);
  expect(await typesOf(disk, `export-${jobId}`)).toEqual(['ExportRemoved']);
  expect(await disk.vault.isDestroyed({ subject: ada.id, scope: `export-${jobId}` })).toBe(true);
});

test('an export that a crash breaks off is whole after the restart, wherever it broke off', { timeout: 60_000 }, async () => {
  const jobId = 'job_one' as JobId;
  const isPart = ({ part, args }: Write): boolean => part === 'blobs' && String(args[0]).startsWith('export_');
  const isJob = ({ method, args }: Write): boolean => method === 'append' && args[0] === `job-${jobId}`;
  const places: [(write: Write) => boolean, number, 'before' | 'after'][] = [
    [isPart, 1, 'before'],
    [isPart, 1, 'after'],
    [isJob, 2, 'after'],
    [isJob, 3, 'before'],
    [isJob, 3, 'after'],
  ];
  for (const [is, count, when] of places) {
    const disk = await newDisk();
    const first = await start({ disk });
    await settled(first.kernel, await askFor(first.kernel, ada, 'hello'));
    await first.stop();
    let seen = 0;
    const dying = await start({ disk, crashPoint: (write) => (is(write) && ++seen === count ? when : undefined) });
    void dying.kernel.tell(ada, requestJob({ jobId, kind: 'export', person: ada.id }));
    await dying.crashed;
    const { kernel } = await start({ disk });
    expect((await ended(kernel, jobId)).outcome).toBe('succeeded');
    expect(linesIn(await entriesOf(await fileOf({ kernel, disk }, ada, jobId)), 'messages')).toHaveLength(2);
  }
});
