import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryBlobs } from '../../../src/adapters/blobs/memory.ts';
import { createMemoryKeyVault } from '../../../src/adapters/key-vault/memory.ts';
import type { KeyVault } from '../../../src/adapters/key-vault/port.ts';
import { createSealer } from '../../../src/adapters/key-vault/sealer.ts';
import type { Json, Sealed } from '../../../src/domain/event.ts';

const ann = { subject: 'person_ann', scope: 'thread_1' };
const bob = { subject: 'person_bob', scope: 'thread_2' };
const long = 'ü'.repeat(140_000);

// Only what JSON itself can carry: -0 is 0 there.
const json: fc.Arbitrary<Json> = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)));

function setup() {
  const vault = createMemoryKeyVault();
  const blobs = createMemoryBlobs();
  return { vault, blobs, sealer: createSealer({ vault, blobs }) };
}

const flipped = (bytes: Uint8Array, bit: number): Buffer => {
  const copy = Buffer.from(bytes);
  const at = bit % (copy.length * 8);
  copy.writeUInt8(copy.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3);
  return copy;
};

describe('sealing', () => {
  it('opens to exactly what was sealed', async () => {
    const { sealer } = setup();
    await fc.assert(
      fc.asyncProperty(json, fc.string(), async (content, a) => {
        const sealed = await sealer.seal(ann, a, content);
        expect(sealed.a).toBe(a);
        expect(await sealer.open(sealed, a)).toEqual(content);
        expect(await sealer.open(JSON.parse(JSON.stringify(sealed)))).toEqual(content);
      }),
    );
  });

  it('puts over 256 KiB of UTF-8 into a blob, and not a byte less', async () => {
    const { sealer, blobs } = setup();
    const limit = 256 * 1024 - 2;
    const inline = await sealer.seal(ann, 'event-1', 'x'.repeat(limit));
    const aside = await sealer.seal(ann, 'event-2', `${'x'.repeat(limit - 1)}ü`);
    expect(Object.keys(inline).sort()).toEqual(['a', 'c', 'k']);
    expect(Object.keys(aside).sort()).toEqual(['a', 'b', 'k']);
    expect(await sealer.open(aside, 'event-2')).toBe(`${'x'.repeat(limit - 1)}ü`);
    await blobs.delete(aside.b ?? '');
    expect(await sealer.open(aside, 'event-2')).toBe('[unreadable]');
  });

  it('cannot be read with one bit flipped anywhere, inline, in a blob, or in its base64', async () => {
    const { sealer, blobs } = setup();
    const inline = await sealer.seal(ann, 'event-1', { text: 'hello' });
    const aside = await sealer.seal(ann, 'event-2', long);
    const bytes = await sealer.sealBytes(ann, 'file-1', Buffer.from('hello'));
    const c = inline.c ?? '';
    const blob = (await blobs.get(aside.b ?? '')) ?? new Uint8Array();
    for (let bit = 0; bit < Buffer.from(c, 'base64').length * 8; bit += 1) {
      expect(await sealer.open({ ...inline, c: flipped(Buffer.from(c, 'base64'), bit).toString('base64') })).toBe('[unreadable]');
      expect(await sealer.open({ ...inline, c: flipped(Buffer.from(c), bit).toString('latin1') })).toBe('[unreadable]');
      expect(await sealer.openBytes({ ...bytes, bytes: flipped(bytes.bytes, bit) })).toBe('[unreadable]');
    }
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: blob.length * 8 - 1 }), async (bit) => {
        await blobs.put(aside.b ?? '', flipped(blob, bit));
        expect(await sealer.open(aside)).toBe('[unreadable]');
      }),
      { numRuns: 20 },
    );
  });

  it('cannot be read with other associated data, under another key, cut short, or lengthened', async () => {
    const { sealer } = setup();
    const sealed = await sealer.seal(ann, 'event-1', 'hello');
    const foreign = await sealer.seal(bob, 'event-1', 'hello');
    const c = sealed.c ?? '';
    const variants: Sealed[] = [
      { ...sealed, a: 'event-2' },
      { ...sealed, k: foreign.k },
      { ...sealed, k: 'key_00' },
      { ...sealed, c: '' },
      { ...sealed, c: `${c}AAAA` },
      { ...sealed, c: `${c}\n` },
      { ...sealed, c: c.replace(/=*$/, '') + (c.endsWith('=') ? '' : '=') },
      ...Array.from({ length: c.length }, (_, length) => ({ ...sealed, c: c.slice(0, length) })),
      { k: sealed.k, a: sealed.a },
      { k: sealed.k, a: sealed.a, b: '../../etc/passwd' },
      { k: sealed.k, a: sealed.a, b: 'blob_missing' },
    ];
    for (const variant of variants) expect(await sealer.open(variant), JSON.stringify(variant)).toBe('[unreadable]');
    expect(await sealer.open(sealed, 'event-2')).toBe('[unreadable]');
    const bytes = await sealer.sealBytes(ann, 'file-1', Buffer.from('hello'));
    expect(await sealer.openBytes(bytes, 'file-2')).toBe('[unreadable]');
    expect(await sealer.openBytes({ ...bytes, a: 'file-2' })).toBe('[unreadable]');
  });

  it('never throws, whatever it is asked to open', async () => {
    const { sealer } = setup();
    const { k } = await sealer.seal(ann, 'event-1', 'hello');
    const anything = fc.record({ k: fc.oneof(fc.constant(k), fc.string()), a: fc.string(), c: fc.oneof(fc.base64String(), fc.string()) });
    await fc.assert(
      fc.asyncProperty(anything, async (value) => {
        expect(await sealer.open(value)).toBe('[unreadable]');
      }),
    );
  });

  it('reads what holds no JSON as unreadable', async () => {
    const { sealer } = setup();
    const { k, a, bytes } = await sealer.sealBytes(ann, 'file-1', Buffer.from('no JSON'));
    expect(await sealer.open({ k, a, c: bytes.toString('base64') })).toBe('[unreadable]');
  });

  it('still seals under a destroyed key, to what opens as erased, and stores no content', async () => {
    const { sealer, vault } = setup();
    const before = [await sealer.seal(ann, 'event-1', 'hello'), await sealer.seal(ann, 'event-2', long)];
    const bytesBefore = await sealer.sealBytes(ann, 'file-1', Buffer.from('hello'));
    await vault.destroyScope(ann.scope);
    const after = [await sealer.seal(ann, 'event-3', 'hello'), await sealer.seal(ann, 'event-4', long)];
    const bytesAfter = await sealer.sealBytes(ann, 'file-2', Buffer.from('hello'));
    expect(after).toEqual([
      { k: 'key_destroyed', a: 'event-3', c: '' },
      { k: 'key_destroyed', a: 'event-4', c: '' },
    ]);
    for (const sealed of [...before, ...after]) expect(await sealer.open(sealed, sealed.a)).toBe('[erased]');
    for (const sealed of [bytesBefore, bytesAfter]) expect(await sealer.openBytes(sealed, sealed.a)).toBe('[erased]');
    expect(bytesAfter.bytes).toHaveLength(0);
  });

  it('never uses a nonce twice in 10,000 seals', async () => {
    const { sealer } = setup();
    const nonces = new Set<string>();
    for (let index = 0; index < 10_000; index += 1) nonces.add((await sealer.seal(ann, 'same', 'same')).c?.slice(0, 16) ?? '');
    expect(nonces.size).toBe(10_000);
  });

  it('round-trips any bytes', async () => {
    const { sealer } = setup();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), fc.string(), async (bytes, a) => {
        const opened = await sealer.openBytes(await sealer.sealBytes(bob, a, bytes), a);
        expect(Buffer.from(opened).equals(bytes)).toBe(true);
      }),
    );
  });
});

describe('opening deep', () => {
  it('opens every sealed value in any value and leaves the rest as it is', async () => {
    const { sealer } = setup();
    const tree = fc.letrec<{ node: unknown; leaf: unknown }>((tie) => ({
      leaf: fc.oneof(
        json,
        json.map((content) => new ToSeal(content)),
      ),
      node: fc.oneof({ maxDepth: 4 }, tie('leaf'), fc.array(tie('node'), { maxLength: 4 }), fc.dictionary(fc.string(), tie('node'), { maxKeys: 4 })),
    })).node;
    await fc.assert(
      fc.asyncProperty(tree, async (value) => {
        const sealed = await mapLeaves(value, (content) => sealer.seal(ann, 'event-1', content));
        expect(await sealer.openDeep(sealed)).toEqual(await mapLeaves(value, async (content) => content));
      }),
    );
  });

  it('does not search what it opened: sealed-looking content stays content', async () => {
    const { sealer } = setup();
    const inner = await sealer.seal(bob, 'event-1', "Bob's secret");
    const outer = await sealer.seal(ann, 'event-2', { k: inner.k, a: inner.a, c: inner.c ?? '' });
    expect(await sealer.openDeep([outer])).toEqual([{ ...inner }]);
  });

  it('keeps the other parts the same objects, bigints and dates included', async () => {
    const { sealer } = setup();
    const plain = { k: 1, a: 2, c: 3, revision: 7n, at: new Date(0), list: [{ k: 'x', a: 'y', c: 'z', d: 1 }] };
    expect(await sealer.openDeep(plain)).toBe(plain);
    const opened = await sealer.openDeep({ plain, sealed: await sealer.seal(ann, 'event-1', 'hello') });
    expect(opened.plain).toBe(plain);
    expect(opened.sealed).toBe('hello');
  });

  it('fetches each key once', async () => {
    const { vault, blobs } = setup();
    const asked: string[] = [];
    const counting: KeyVault = {
      ...vault,
      get: (keyId) => {
        asked.push(keyId);
        return vault.get(keyId);
      },
    };
    const sealer = createSealer({ vault: counting, blobs });
    const seals = await Promise.all(Array.from({ length: 100 }, (_, index) => sealer.seal(index % 2 ? ann : bob, `event-${index}`, index)));
    expect(await sealer.openDeep(seals)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(asked).toHaveLength(2);
  });

  it('tells erased, unreadable and readable parts of one value apart', async () => {
    const { sealer, vault } = setup();
    const erased = await sealer.seal(ann, 'event-1', 'hello');
    const kept = await sealer.seal(bob, 'event-2', 'world');
    await vault.destroySubject(ann.subject);
    const value = { erased, kept, absent: { ...kept, k: 'key_00' }, altered: { ...kept, a: 'event-3' } };
    expect(await sealer.openDeep(value)).toEqual({ erased: '[erased]', kept: 'world', absent: '[unreadable]', altered: '[unreadable]' });
  });
});

class ToSeal {
  readonly content: Json;
  constructor(content: Json) {
    this.content = content;
  }
}

async function mapLeaves(value: unknown, replace: (content: Json) => Promise<unknown>): Promise<unknown> {
  if (value instanceof ToSeal) return replace(value.content);
  if (Array.isArray(value)) return Promise.all(value.map((item) => mapLeaves(item, replace)));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([key, field]) => [key, await mapLeaves(field, replace)])));
}
