import { randomBytes } from 'node:crypto';
import type { Json, Opened, Sealed, Unopened } from '../../domain/event.ts';
import type { Blobs } from '../blobs/port.ts';
import { decrypt, encrypt } from './aes-gcm.ts';
import { collectSealed, type OpenedDeep, replaceSealed } from './deep.ts';
import type { KeyResult, KeyScope, KeyVault, VaultKey } from './port.ts';

/** Plaintext longer than this (bytes of UTF-8) goes into a blob. */
const INLINE_BYTES = 256 * 1024;
const CONCURRENT_READS = 16;
/** Names no key: what was to be sealed under a destroyed key was dropped, and opens to `[erased]`. */
const DESTROYED_KEY = 'key_destroyed';

export interface SealedBytes {
  readonly k: string;
  readonly a: string;
  readonly bytes: Buffer;
}

/** Encrypts and opens personal content with the vault's keys. Opening never throws on altered, foreign or missing data. */
export interface Sealer {
  /** `a` is bound to the content (the event's id, say) and travels along. Under a destroyed key the content is dropped. */
  seal(scope: KeyScope, a: string, content: Json): Promise<Sealed>;
  /** `[unreadable]` also when `expectedA` is given and is not the sealed value's own. */
  open(sealed: Sealed, expectedA?: string): Promise<Opened<Json>>;
  /** The value with every sealed one inside replaced by what it opens to; what comes out of a sealed value is not searched again. */
  openDeep<Value>(value: Value): Promise<OpenedDeep<Value>>;
  /** For blobs and uploads: `bytes` is nonce ‖ ciphertext ‖ tag; empty when the key was destroyed. */
  sealBytes(scope: KeyScope, a: string, bytes: Uint8Array): Promise<SealedBytes>;
  openBytes(sealed: SealedBytes, expectedA?: string): Promise<Opened<Buffer>>;
}

export function createSealer({ vault, blobs }: { readonly vault: KeyVault; readonly blobs: Blobs }): Sealer {
  /** Undefined when the key was destroyed. */
  async function sealingKey(scope: KeyScope): Promise<VaultKey | undefined> {
    const found = await vault.getOrCreate(scope);
    if (found.ok) return found.key;
    if (found.code === 'Destroyed') return undefined;
    throw new Error(`The key of ${scope.scope} is damaged in the vault: restore the vault from its backup.`);
  }

  async function seal(scope: KeyScope, a: string, content: Json): Promise<Sealed> {
    const found = await sealingKey(scope);
    if (!found) return { k: DESTROYED_KEY, a, c: '' };
    const text = JSON.stringify(content);
    const bytes = encrypt(found.key, a, text);
    if (!isLong(text)) return { k: found.keyId, a, c: bytes.toString('base64') };
    const b = newBlobId();
    await blobs.put(b, bytes);
    return { k: found.keyId, a, b };
  }

  async function openWith(found: KeyResult, sealed: Sealed): Promise<Opened<Json>> {
    if (!found.ok) return whyNot(found);
    const bytes = sealed.c === undefined ? await readBlob(blobs, sealed.b) : fromBase64(sealed.c);
    const plain = bytes && decrypt(found.key.key, sealed.a, bytes);
    return plain ? parseJson(plain) : '[unreadable]';
  }

  const keyOf = (k: string): Promise<KeyResult> => (k === DESTROYED_KEY ? DESTROYED : vault.get(k));

  return {
    seal,
    open: async (sealed, expectedA = sealed.a) => (sealed.a === expectedA ? openWith(await keyOf(sealed.k), sealed) : '[unreadable]'),
    openDeep: async (value) => {
      const found = collectSealed(value);
      const keys = new Map<string, KeyResult>();
      await eachOf([...new Set(found.map(({ k }) => k))], async (k) => keys.set(k, await keyOf(k)));
      const opened = new Map<object, Opened<Json>>();
      await eachOf(found, async (sealed) => opened.set(sealed, await openWith(keys.get(sealed.k) ?? ABSENT, sealed)));
      return replaceSealed(value, opened);
    },
    sealBytes: async (scope, a, bytes) => {
      const found = await sealingKey(scope);
      return found ? { k: found.keyId, a, bytes: encrypt(found.key, a, bytes) } : { k: DESTROYED_KEY, a, bytes: Buffer.alloc(0) };
    },
    openBytes: async ({ k, a, bytes }, expectedA = a) => {
      if (a !== expectedA) return '[unreadable]';
      const found = await keyOf(k);
      return found.ok ? (decrypt(found.key.key, a, bytes) ?? '[unreadable]') : whyNot(found);
    },
  };
}

const ABSENT: KeyResult = { ok: false, code: 'Absent' };
const DESTROYED: Promise<KeyResult> = Promise.resolve({ ok: false, code: 'Destroyed' });

const whyNot = ({ code }: Extract<KeyResult, { ok: false }>): Unopened => (code === 'Destroyed' ? '[erased]' : '[unreadable]');

// A character is at most three bytes of UTF-8 (a surrogate pair four for two), so short texts need no counting.
const isLong = (text: string) => text.length * 3 > INLINE_BYTES && Buffer.byteLength(text) > INLINE_BYTES;

const newBlobId = () => `blob_${randomBytes(16).toString('hex')}`;
const OWN_BLOB = /^blob_[0-9a-f]{32}$/;

async function readBlob(blobs: Blobs, id: string | undefined): Promise<Uint8Array | undefined> {
  return id !== undefined && OWN_BLOB.test(id) ? blobs.get(id) : undefined;
}

/** Only the canonical form: Node's decoder overlooks foreign characters and stray bits, which would let an altered text pass. */
function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function parseJson(plain: Buffer): Opened<Json> {
  try {
    return JSON.parse(plain.toString());
  } catch {
    return '[unreadable]';
  }
}

async function eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const lane = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENT_READS, items.length) }, lane));
}
