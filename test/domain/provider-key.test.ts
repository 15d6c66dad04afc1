import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changeProviderKey, endKeyGrace, registerProviderKey, removeProviderKey, rotateProviderKey } from '../../src/commands/provider-key.ts';
import type { ConversationId } from '../../src/domain/ids.ts';
import { allows, type KeyUse, keyFor } from '../../src/domain/key-use.ts';
import {
  KeyScopes,
  keyrings,
  ProviderKeyDescribed,
  ProviderKeyGraceEnded,
  ProviderKeyRegistered,
  ProviderKeyRemoved,
  ProviderKeyRotated,
  ProviderKeyRotationSet,
  ProviderKeyScopesChanged,
  rotationTimes,
  usualRotation,
} from '../../src/domain/provider-key.ts';
import { given, recordedEvents } from '../harness/given.ts';

const keyId = 'pkey_1';
const secret = { apiKey: 'sk-a-key-of-some-length', baseUrl: null };
const registered = ProviderKeyRegistered({
  keyId,
  number: 1,
  provider: 'openai',
  lastFour: 'ngth',
  scopes: {},
  rotation: usualRotation,
  description: '',
  ...secret,
});
const register = { owner: 'self', provider: 'openai', description: '', scopes: {}, rotation: usualRotation } as const;
const rotated = ProviderKeyRotated({ keyId, lastFour: '', previousUntil: '2026-01-02T00:00:00.000Z', dropped: [], apiKey: 'new', baseUrl: null });
const ringOf = (...events: Parameters<typeof recordedEvents>[0]) =>
  recordedEvents(events).reduce((state, event) => keyrings.evolve(state, event as never), keyrings.initialState());

describe('a ring of keys', () => {
  test('takes a key under a new id, and says only how it ends', () =>
    given(keyrings)
      .when(registerProviderKey({ ...register, apiKey: secret.apiKey }))
      .then([ProviderKeyRegistered({ ...registered.data, keyId: 'pkey_new0', description: '', ...secret })]));
  test('tells nothing of a key that is short', () =>
    given(keyrings)
      .when(registerProviderKey({ ...register, apiKey: 'short' }))
      .then([ProviderKeyRegistered({ ...registered.data, keyId: 'pkey_new0', lastFour: '', description: '', apiKey: 'short', baseUrl: null })]));
  test('marks a key for everybody in its id', () =>
    given(keyrings, [], 'organisation')
      .when(registerProviderKey({ ...register, owner: 'organisation', apiKey: secret.apiKey }))
      .then([ProviderKeyRegistered({ ...registered.data, keyId: 'pkey_org_new0', description: '', ...secret })]));
  test('takes neither nothing nor a hundred and one', () => {
    given(keyrings).when(registerProviderKey(register)).refused('KeyMissing');
    const hundred = Array.from({ length: 100 }, (_, index) =>
      ProviderKeyRegistered({ ...registered.data, keyId: `pkey_${index}`, number: index + 1, description: '', ...secret }),
    );
    given(keyrings, hundred)
      .when(registerProviderKey({ ...register, apiKey: 'x' }))
      .refused('TooManyKeys');
  });
  test('never uses a number twice', () => {
    const second = ProviderKeyRegistered({ ...registered.data, keyId: 'pkey_new0', number: 2, description: '', ...secret });
    given(keyrings, [registered, ProviderKeyRemoved({ keyId, dropped: [] })])
      .when(registerProviderKey({ ...register, apiKey: secret.apiKey }))
      .then([second]);
  });
  test('changes just what is said, and says what was before', () => {
    const scopes = { models: ['gpt-*'] };
    given(keyrings, [registered]).when(changeProviderKey({ keyId })).then([]);
    given(keyrings, [registered])
      .when(changeProviderKey({ keyId, description: 'mine', scopes, rotation: { ...usualRotation, maxAgeDays: 90 } }))
      .then([
        ProviderKeyDescribed({ keyId, description: 'mine' }),
        ProviderKeyScopesChanged({ keyId, before: {}, scopes }),
        ProviderKeyRotationSet({ keyId, before: usualRotation, rotation: { ...usualRotation, maxAgeDays: 90 } }),
      ]);
  });
  test('keeps the key before for its grace time, and drops the one before that', () => {
    given(keyrings, [registered])
      .when(rotateProviderKey({ keyId, apiKey: 'new' }))
      .then([rotated]);
    const ring = ringOf(registered, rotated);
    const key = ring.keys.get(keyId);
    const decided = keyrings.decide({ name: 'rotateProviderKey', keyId, apiKey: 'newer' }, ring, {
      now: '2026-01-01T00:00:00.000Z',
      newId: () => '',
      stream: '',
      tag: (text) => text,
      actor: '',
    });
    expect(decided).toMatchObject([{ data: { dropped: [key?.previous?.eventId] } }]);
    expect(key?.previous?.eventId).not.toBe(key?.current.eventId);
  });
  test('drops the key before when its grace time is over, and not sooner', () => {
    const ring = ringOf(registered, rotated);
    const before = ring.keys.get(keyId)?.previous?.eventId;
    const endAt = (now: string) =>
      keyrings.decide({ name: 'endKeyGrace', keyId }, ring, { now, newId: () => '', actor: '', stream: '', tag: String });
    expect(endAt('2026-01-01T23:59:59.999Z')).toEqual([]);
    expect(endAt('2026-01-02T00:00:00.000Z')).toEqual([ProviderKeyGraceEnded({ keyId, dropped: [String(before)] })]);
    expect(ringOf(registered, rotated, ProviderKeyGraceEnded({ keyId, dropped: [] })).keys.get(keyId)?.previous).toBeUndefined();
    given(keyrings, [registered]).when(endKeyGrace({ keyId })).then([]);
  });
  test('drops the key before at once where there is no grace time', () => {
    const ring = ringOf(ProviderKeyRegistered({ ...registered.data, rotation: { ...usualRotation, graceHours: 0 }, description: '', ...secret }));
    const context = { now: '2026-01-01T00:00:00.000Z', newId: () => '', actor: '', stream: '', tag: String };
    const before = ring.keys.get(keyId)?.current.eventId;
    expect(keyrings.decide({ name: 'rotateProviderKey', keyId, apiKey: 'new' }, ring, context)).toMatchObject([
      { data: { previousUntil: null, dropped: [before] } },
    ]);
  });
  test('drops every secret of a key that is removed', () => {
    const ring = ringOf(registered, rotated);
    const { current, previous } = ring.keys.get(keyId) ?? {};
    const context = { now: '2026-01-01T00:00:00.000Z', newId: () => '', actor: '', stream: '', tag: String };
    expect(keyrings.decide({ name: 'removeProviderKey', keyId }, ring, context)).toMatchObject([
      { data: { dropped: [previous?.eventId, current?.eventId] } },
    ]);
  });
  test('knows nothing of a key that is not there, or is gone', () => {
    const gone = [registered, ProviderKeyRemoved({ keyId, dropped: [] })];
    for (const history of [[], gone]) {
      given(keyrings, history).when(changeProviderKey({ keyId })).refused('NotFound');
      given(keyrings, history)
        .when(rotateProviderKey({ keyId, apiKey: 'x' }))
        .refused('NotFound');
      given(keyrings, history).when(removeProviderKey({ keyId })).refused('NotFound');
    }
  });
});

describe('which key is used', () => {
  const use: KeyUse = { provider: 'openai', model: 'openai/gpt-5.5', conversationId: 'thread_1' };
  const now = '2026-03-01T00:00:00.000Z';
  const old = { ...usualRotation, maxAgeDays: 30 };
  const key = (id: string, data: object) => ProviderKeyRegistered({ ...registered.data, keyId: id, description: '', ...secret, ...data });

  test('one of that service, or none', () => {
    expect(keyFor(ringOf(), use, now)).toBe('none');
    expect(keyFor(ringOf(key('pkey_a', { provider: 'anthropic' })), use, now)).toBe('none');
    expect(keyFor(ringOf(registered), use, now)).toMatchObject({ keyId });
  });
  test('not one that is older than it may get, unless it only reminds', () => {
    expect(keyFor(ringOf(key('pkey_a', { rotation: old })), use, now)).toBe('overdue');
    expect(keyFor(ringOf(key('pkey_a', { rotation: old }), registered), use, now)).toMatchObject({ keyId });
    expect(keyFor(ringOf(key('pkey_a', { rotation: { ...old, forced: false } })), use, now)).toMatchObject({ keyId: 'pkey_a' });
    expect(keyFor(ringOf(key('pkey_a', { rotation: old })), use, '2026-01-30T23:59:59.999Z')).toMatchObject({ keyId: 'pkey_a' });
    expect(keyFor(ringOf(key('pkey_a', { rotation: old })), use, '2026-01-31T00:00:00.000Z')).toBe('overdue');
  });
  test('when it has to be rotated, and when it says so', () => {
    expect(rotationTimes(old, '2026-01-01T00:00:00.000Z')).toEqual({ remindFrom: '2026-01-17T00:00:00.000Z', rotateBy: '2026-01-31T00:00:00.000Z' });
    expect(rotationTimes(usualRotation, now)).toBeUndefined();
  });
  test('only what its scopes name, and nothing of which they know nothing', () => {
    const conversations = ['thread_1' as ConversationId];
    expect(allows({}, { provider: 'openai' })).toBe(true);
    expect(allows({ models: [] }, use)).toBe(false);
    expect(allows({ models: ['gpt-5.5'] }, use)).toBe(true);
    expect(allows({ models: ['openai/gpt-*'], conversations }, use)).toBe(true);
    expect(allows({ models: ['gpt-5.5'], conversations: ['thread_2' as ConversationId] }, use)).toBe(false);
    expect(allows({ models: ['gpt-4*', '*-mini'] }, use)).toBe(false);
    expect(allows({ tools: ['search'] }, use)).toBe(false);
    expect(allows({ tools: ['search'] }, { provider: 'brave', tool: 'search' })).toBe(true);
    expect(allows({ origins: ['https://chat.example'] }, use)).toBe(false);
    expect(allows({ origins: ['https://chat.example'] }, { ...use, origin: 'https://chat.example' })).toBe(true);
  });
  test('a star stands for any text, and nothing else does', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*') });
    fc.assert(
      fc.property(letters, fc.string({ unit: fc.constantFrom('a', 'b', '.') }), (pattern, name) => {
        const wanted = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(name);
        expect(allows({ models: [pattern] }, { provider: 'p', model: `p/${name}` })).toBe(wanted);
      }),
      { numRuns: 2000 },
    );
  });
  test('a narrower scope never allows more', () => {
    const list = fc.option(fc.subarray(['gpt-5.5', '*', 'o*', 'x']), { nil: undefined });
    fc.assert(
      fc.property(list, list, (models, tools) => {
        const wide = KeyScopes.parse({ models });
        const narrow = KeyScopes.parse({ models, tools });
        if (allows(narrow, use)) expect(allows(wide, use)).toBe(true);
      }),
    );
  });
});
