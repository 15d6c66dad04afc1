import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryBlobs } from '../../src/adapters/blobs/memory.ts';
import type { KeyScope, KeyVault } from '../../src/adapters/key-vault/port.ts';
import { createSealer } from '../../src/adapters/key-vault/sealer.ts';
import type { Sealed } from '../../src/domain/event.ts';

export interface OpenedKeyVault {
  readonly vault: KeyVault;
  /** Closes it and opens it again; absent where nothing outlives closing. */
  readonly reopen?: () => Promise<KeyVault>;
  readonly remove: () => Promise<void>;
}

export interface KeyVaultAdapter {
  readonly name: string;
  readonly open: () => Promise<OpenedKeyVault>;
}

const ann: KeyScope = { subject: 'person_ann', scope: 'thread_1' };
const subjects = ['person_ann', 'person_bob', 'person_cyd'];
const scopes = ['thread_1', 'thread_2', 'thread_3', 'file_1'];
const scopeOf: fc.Arbitrary<KeyScope> = fc.record({ subject: fc.constantFrom(...subjects), scope: fc.constantFrom(...scopes) });

type Action = { readonly do: 'seal'; readonly in: KeyScope } | { readonly do: 'destroy'; readonly kind: 'subject' | 'scope'; readonly name: string };
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: scopeOf.map((scope): Action => ({ do: 'seal', in: scope })) },
  fc.constantFrom(...subjects).map((name): Action => ({ do: 'destroy', kind: 'subject', name })),
  fc.constantFrom(...scopes).map((name): Action => ({ do: 'destroy', kind: 'scope', name })),
);

/** What every key vault must do, whatever holds its keys. */
export function describeKeyVaults(adapters: readonly KeyVaultAdapter[]): void {
  describe.each(adapters)('the key vault $name', (adapter) => {
    let opened: OpenedKeyVault;
    let vault: KeyVault;
    beforeEach(async () => {
      opened = await adapter.open();
      vault = opened.vault;
    });
    afterEach(() => opened.remove());

    it('gives one scope one key, also to many who ask at once, and other scopes other keys', async () => {
      const asked = await Promise.all(Array.from({ length: 50 }, (_, index) => vault.getOrCreate({ ...ann, scope: `thread_${index % 5}` })));
      const ids = asked.map((result) => (result.ok ? result.key.keyId : result.code));
      expect(new Set(ids).size).toBe(5);
      for (const [index, id] of ids.entries()) expect(id).toBe(ids[index % 5]);
      expect(ids[0]).toMatch(/^key_[0-9a-f]+$/);
      expect(await keyOf(vault, { subject: 'person_bob', scope: 'thread_0' })).not.toBe(ids[0]);
    });

    it('gives the same bytes by scope and by id', async () => {
      const created = await vault.getOrCreate(ann);
      if (!created.ok) throw new Error(created.code);
      vault.forget();
      const found = await vault.get(created.key.keyId);
      expect(found.ok && found.key.key.equals(created.key.key)).toBe(true);
    });

    it('calls a key that it never had absent, not destroyed', async () => {
      expect(await vault.get('key_00')).toEqual({ ok: false, code: 'Absent' });
    });

    it.each([
      ['scope', (): Promise<void> => vault.destroyScope(ann.scope)],
      ['subject', (): Promise<void> => vault.destroySubject(ann.subject)],
    ])('never makes a key for a %s that was destroyed before it had one', async (_kind, destroy) => {
      expect(await vault.isDestroyed(ann)).toBe(false);
      await destroy();
      expect(await vault.isDestroyed(ann)).toBe(true);
      expect(await vault.getOrCreate(ann)).toEqual({ ok: false, code: 'Destroyed' });
      if (opened.reopen) expect(await (await opened.reopen()).getOrCreate(ann)).toEqual({ ok: false, code: 'Destroyed' });
    });

    it('keeps a subject and a scope of the same name apart', async () => {
      await vault.destroySubject(ann.scope);
      await vault.destroyScope(ann.subject);
      expect((await vault.getOrCreate(ann)).ok).toBe(true);
    });

    it('hands out no destroyed key, however a destruction and requests overlap', async () => {
      const keyId = await keyOf(vault, ann);
      await Promise.all([vault.get(keyId), vault.getOrCreate(ann), vault.destroyScope(ann.scope), vault.get(keyId), vault.getOrCreate(ann)]);
      expect(await vault.get(keyId)).toEqual({ ok: false, code: 'Destroyed' });
      expect(await vault.getOrCreate(ann)).toEqual({ ok: false, code: 'Destroyed' });
    });

    it('remembers its mark', async () => {
      expect(await vault.mark()).toBe('');
      await vault.setMark('00000000000000000007');
      await vault.setMark('00000000000000000042');
      expect(await vault.mark()).toBe('00000000000000000042');
      if (opened.reopen) expect(await (await opened.reopen()).mark()).toBe('00000000000000000042');
    });

    it('erases all that was sealed under what is destroyed, for ever, and nothing else', async () => {
      let attempt = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 30 }), async (actions) => {
          attempt += 1;
          const reopen = attempt % 5 === 0 ? opened.reopen : undefined;
          vault = await followsModel(
            vault,
            actions.map((one) => ofAttempt(one, attempt)),
            reopen,
          );
        }),
        { numRuns: 30 },
      );
    });
  });
}

/** The same action on names of its own, so that all attempts can share one vault. */
function ofAttempt(one: Action, attempt: number): Action {
  if (one.do === 'destroy') return { ...one, name: `${one.name}_${attempt}` };
  return { ...one, in: { subject: `${one.in.subject}_${attempt}`, scope: `${one.in.scope}_${attempt}` } };
}

/** Runs the actions, then compares every sealed text with a model of two sets: the subjects and the scopes destroyed. */
async function followsModel(writer: KeyVault, actions: readonly Action[], reopen: OpenedKeyVault['reopen']): Promise<KeyVault> {
  const gone = { subject: new Set<string>(), scope: new Set<string>() };
  const sealed: { readonly in: KeyScope; readonly value: Sealed; readonly text: string }[] = [];
  const sealer = createSealer({ vault: writer, blobs: createMemoryBlobs() });
  for (const [index, one] of actions.entries()) {
    if (one.do === 'seal') sealed.push({ in: one.in, value: await sealer.seal(one.in, `event-${index}`, `text ${index}`), text: `text ${index}` });
    else {
      gone[one.kind].add(one.name);
      await (one.kind === 'subject' ? writer.destroySubject(one.name) : writer.destroyScope(one.name));
    }
  }
  const vault = reopen ? await reopen() : writer;
  const reader = createSealer({ vault, blobs: createMemoryBlobs() });
  for (const { in: scope, value, text } of sealed) {
    const expected = gone.subject.has(scope.subject) || gone.scope.has(scope.scope) ? '[erased]' : text;
    expect(await reader.open(value)).toBe(expected);
    expect(await vault.isDestroyed(scope)).toBe(expected === '[erased]');
  }
  return vault;
}

async function keyOf(vault: KeyVault, scope: KeyScope): Promise<string> {
  const result = await vault.getOrCreate(scope);
  if (!result.ok) throw new Error(result.code);
  return result.key.keyId;
}
