import { beforeEach, describe, expect, test } from 'vitest';
import { createSealer } from '../../src/adapters/key-vault/sealer.ts';
import { sendMessage } from '../../src/commands/conversation.ts';
import { reserveFile, uploadFile } from '../../src/commands/file.ts';
import { changeProfile, claimAnonymous, erasePerson, registerPerson } from '../../src/commands/person.ts';
import { registerProviderKey } from '../../src/commands/provider-key.ts';
import { annals } from '../../src/commands/settle-active-run.ts';
import type { Sealed } from '../../src/domain/event.ts';
import { jobStream, jobs } from '../../src/domain/job.ts';
import { runStream } from '../../src/domain/run/index.ts';
import type { Kernel } from '../../src/main/kernel-parts.ts';
import { collectionOf } from '../../src/projections/view.ts';
import { views } from '../../src/projections/views/index.ts';
import { askFor, runOf, settled, startThread, typesOf } from '../harness/chat.ts';
import { installations, withModel } from '../harness/installations.ts';
import { closeDisks, type Disk, newDisk, person, type StartOptions, startAnnals } from '../harness/memory-annals.ts';
import { said, saysThenHangs } from '../harness/played-model.ts';
import type { Write } from '../harness/severed.ts';
import { until } from '../harness/until.ts';

const start = installations();
const ada = person('ada');
const bob = person('bob');
const visitor = person('visitor', 'anonymous');

const LONG = 'long secret '.repeat(30_000);
const key = { owner: 'self', provider: 'openai', apiKey: 'sk-ada-1234567890abc', description: 'secret description' } as const;

/** Somebody with a bit of everything: threads, a long text, a file, a key, a profile, and a visitor's threads taken over. */
async function everything(kernel: Kernel): Promise<{ fileBlob: string }> {
  for (const who of [ada, bob])
    await kernel.tell(
      annals(who.id),
      registerPerson({ person: who.id, via: 'administrator', roles: ['member'], profile: { name: `secret ${who.id}` } }),
    );
  await kernel.tell(ada, changeProfile({ person: ada.id, profile: { email: 'secret@example.com' } }));
  for (const who of [ada, bob, visitor]) await settled(kernel, await askFor(kernel, who, `secret of ${who.id}`));
  const conversationId = await startThread(kernel, ada);
  await kernel.tell(ada, sendMessage({ conversationId, parts: [{ type: 'text', text: LONG }], reply: false, onActive: 'refuse' }));
  await kernel.tell(ada, claimAnonymous({ anonymous: visitor.id, by: ada.id }));
  await kernel.tell<unknown>(ada, registerProviderKey({ ...key, scopes: {}, rotation: undefined as never }));
  const reserved = await kernel.tell(ada, reserveFile({ filename: 'secret.txt' }));
  if (!reserved.ok) throw new Error('no file');
  const { fileId } = reserved.result;
  const { blobId, key: sealedWith } = await kernel.uploads.put({
    principalId: ada.id,
    fileId,
    bytes: Buffer.from('secret bytes'),
    mediaType: 'text/plain',
  });
  await kernel.tell(ada, uploadFile({ fileId, blobId, key: sealedWith, size: 12, mediaType: 'text/plain' }));
  return { fileBlob: blobId };
}

async function openedOf(disk: Disk, who: string): Promise<unknown[]> {
  const { open } = createSealer(disk);
  const found: unknown[] = [];
  const stop = new AbortController();
  for await (const { events, caughtUp } of disk.store.tail('0'.repeat(20), { signal: stop.signal })) {
    for (const { id, data, metadata } of events)
      if (metadata.subject === who && data.sealed) found.push(await open(data.sealed as unknown as Sealed, id));
    if (caughtUp) break;
  }
  stop.abort();
  return found;
}

const ended = (kernel: Kernel, jobId: string) => until(async () => (await kernel.loader.load(jobStream(jobId), jobs)).state.status === 'ended');

/** Nothing of hers is left but what is sealed, and nothing of his is missing. */
async function expectErased(disk: Disk): Promise<void> {
  for (const who of [ada.id, visitor.id]) {
    const opened = await openedOf(disk, who);
    expect(opened.length).toBeGreaterThan(1);
    expect(new Set(opened)).toEqual(new Set(['[erased]']));
  }
  const his = await openedOf(disk, bob.id);
  expect(his).not.toContain('[erased]');
  expect(JSON.stringify(his)).toContain(`secret of ${bob.id}`);
  for (const view of views) {
    const { documents } = await disk.documents.find(collectionOf(view), {}, { limit: 1000 });
    const hers = documents.filter(({ doc }) => [ada.id, visitor.id].some((id) => doc.owner === id || doc.person === id));
    // What it used and when stays without a name, and the feed has what the job itself did.
    const left = hers.filter(({ doc }) => !['runs', 'jobs'].includes(view.name) && !(view.name === 'feed' && doc.actor === 'person_annals'));
    expect({ view: view.name, left: left.map(({ doc }) => doc) }).toEqual({ view: view.name, left: [] });
  }
  expect((await typesOf(disk, `person-${visitor.id}`)).at(-1)).toBe('PersonErased');
}

describe('erasing a person', () => {
  test('destroys all that is theirs, also what they took over, and nothing of others', async () => {
    const { kernel, disk, problems } = await start(withModel(() => said('secret answer')).options);
    const { fileBlob } = await everything(kernel);
    const blobs = (await openedOf(disk, ada.id)).filter((opened) => JSON.stringify(opened).includes('long secret'));
    expect(blobs).toHaveLength(1);
    const long = await longBlobOf(disk);
    expect(await disk.blobs.get(long)).toBeDefined();
    const told = await kernel.tell(ada, erasePerson({ person: ada.id }));
    if (!told.ok) throw new Error(told.error.message);
    await ended(kernel, told.result.jobId);
    expect((await kernel.loader.load(jobStream(told.result.jobId), jobs)).state.outcome).toBe('succeeded');
    await expectErased(disk);
    expect(await disk.blobs.get(fileBlob)).toBeUndefined();
    expect(await disk.blobs.get(long)).toBeUndefined();
    expect(problems).toEqual([]);
  });

  test('stops what is being written for them', async () => {
    const { kernel, disk } = await start(withModel((request) => saysThenHangs(request, 'secret half')).options);
    const asked = await askFor(kernel, ada, 'secret question');
    await until(async () => (await disk.liveLog.read(asked.runId)).length > 0);
    const told = await kernel.tell(ada, erasePerson({ person: ada.id }));
    if (!told.ok) throw new Error(told.error.message);
    await ended(kernel, told.result.jobId);
    expect((await runOf(kernel, asked.runId)).outcome).toBe('cancelled');
    expect(await disk.liveLog.read(asked.runId)).toEqual([]);
    expect((await typesOf(disk, runStream(asked.runId))).filter((type) => type === 'RunEnded')).toHaveLength(1);
  });
});

async function longBlobOf(disk: Disk): Promise<string> {
  const stop = new AbortController();
  for await (const { events } of disk.store.tail('0'.repeat(20), { signal: stop.signal })) {
    for (const { data } of events) {
      const { b } = (data.sealed ?? {}) as { b?: string };
      if (b === undefined) continue;
      stop.abort();
      return b;
    }
  }
  throw new Error('there is no long text');
}

/** On servers, where each takes seconds, not every write is tried. */
const STEP = process.env.ANNALS_TEST_DISK === 'servers' ? 31 : 3;

describe('whatever write of an erasure the process dies at', () => {
  beforeEach(closeDisks);

  const play = async (crashAt: number, when: 'before' | 'after'): Promise<boolean> => {
    const disk = await newDisk();
    await using _disk = { [Symbol.asyncDispose]: closeDisks };
    const { options } = withModel(() => said('secret answer'));
    let erasing = false;
    let writes = 0;
    let died = false;
    const crashPoint = ({ part }: Write) => {
      if (!erasing || part === 'documents' || died) return undefined;
      died = ++writes === crashAt;
      return died ? when : undefined;
    };
    const first = await startAnnals({ ...options, disk, crashPoint } satisfies StartOptions);
    await using _first = { [Symbol.asyncDispose]: first.stop };
    await everything(first.kernel);
    erasing = true;
    const telling = first.kernel.tell(ada, erasePerson({ person: ada.id }));
    const job = telling.then((told) => (told.ok ? ended(first.kernel, told.result.jobId) : undefined));
    job.catch(() => undefined);
    await Promise.race([job, first.crashed]);
    if (!died) return false;
    const second = await startAnnals({ ...options, disk });
    await using _second = { [Symbol.asyncDispose]: second.stop };
    const told = await second.kernel.tell(ada, erasePerson({ person: ada.id }));
    if (!told.ok && told.error.code !== 'PersonErased') throw new Error(told.error.message);
    await until(async () => (await jobsEnded(disk)) === 1);
    await expectErased(disk);
    return true;
  };

  test('it is completed by the next process, and ends once', { timeout: 300_000 }, async () => {
    let tried = 0;
    for (const when of ['before', 'after'] as const) for (let at = 1; await play(at, when); at += STEP) tried++;
    expect(tried).toBeGreaterThan(STEP > 3 ? 1 : 10);
  });
});

async function jobsEnded(disk: Disk): Promise<number> {
  let count = 0;
  const stop = new AbortController();
  for await (const { events, caughtUp } of disk.store.tail('0'.repeat(20), { signal: stop.signal })) {
    for (const { type } of events) if (type === 'JobEnded') count++;
    if (caughtUp) break;
  }
  stop.abort();
  return count;
}
