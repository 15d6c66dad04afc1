import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMemoryBlobs } from '../../src/adapters/blobs/memory.ts';
import { createMemoryEventStore } from '../../src/adapters/event-store/memory.ts';
import { START } from '../../src/adapters/event-store/port.ts';
import { createMemoryKeyVault } from '../../src/adapters/key-vault/memory.ts';
import { createSealer } from '../../src/adapters/key-vault/sealer.ts';
import { createSecurityLog, type SecurityNote } from '../../src/commands/security-log.ts';
import type { RecordedEvent, Sealed } from '../../src/domain/event.ts';
import { networkOf } from '../../src/domain/network.ts';
import { person } from '../harness/memory-annals.ts';

const ada = person('ada');
const failed = { kind: 'login-failed', door: 'POST /auth/password', reason: 'WrongPassword', subject: ada.id, address: '203.0.113.7' } as const;

function recording(secret: Uint8Array = randomBytes(32)) {
  const clock = { now: new Date('2026-01-01T00:00:00.000Z') };
  const store = createMemoryEventStore();
  const vault = createMemoryKeyVault();
  const sealer = createSealer({ vault, blobs: createMemoryBlobs() });
  const said: string[] = [];
  const security = createSecurityLog({ store, sealer, secret, now: () => clock.now, log: (message) => said.push(message) });
  const events = async (): Promise<RecordedEvent[]> => {
    await security.flush();
    const found: RecordedEvent[] = [];
    const stop = new AbortController();
    for await (const { events: some, caughtUp } of store.tail(START, { signal: stop.signal })) {
      found.push(...some);
      if (caughtUp) break;
    }
    stop.abort();
    return found;
  };
  return { store, sealer, vault, security, said, events, pass: (ms: number) => (clock.now = new Date(clock.now.getTime() + ms)) };
}

describe('a security event', () => {
  test('says what happened, where, to whom and by whom, and stands in the stream of who did it', async () => {
    const { security, events } = recording();
    security.record({ kind: 'session-revoked', door: 'DELETE /api/sessions/{id}', actor: ada.id, target: 'session_1', correlationId: 'req-1' });
    expect(await events()).toMatchObject([
      {
        type: 'SecurityNoted',
        stream: 'access-person_ada-2026-01-01',
        data: { kind: 'session-revoked', door: 'DELETE /api/sessions/{id}', reason: '', target: 'session_1', network: '', count: 1 },
        metadata: { actor: ada.id, subject: ada.id, $correlationId: 'req-1' },
      },
    ]);
  });

  test('of a stranger names whose account it was about, and stands with the visitors', async () => {
    const { security, events } = recording();
    security.record(failed);
    expect(await events()).toMatchObject([{ stream: 'access-person_visitors-2026-01-01', metadata: { actor: 'person_visitors', subject: ada.id } }]);
  });

  test('holds the network for administrators only, sealed, and never the address; who is forgotten takes it along', async () => {
    const { security, events, sealer, vault } = recording();
    security.record({ ...failed, about: 'intranet.example' });
    const [event] = await events();
    const sealed = event?.data.sealed as unknown as Sealed;
    expect(await sealer.open(sealed, event?.id)).toEqual({ range: '203.0.113.0/24', about: 'intranet.example' });
    expect(JSON.stringify(event?.data)).not.toMatch(/203\.0|intranet/);
    await vault.destroySubject(ada.id);
    expect(await sealer.open(sealed, event?.id)).toBe('[erased]');
    security.record({ ...failed, reason: 'Unknown' });
    expect(await events()).toHaveLength(2);
  });

  test('is told once a minute, and then how often', async () => {
    const { security, events, pass } = recording();
    for (let repeat = 0; repeat < 5; repeat++) security.record({ ...failed, correlationId: `req-${repeat}` });
    pass(60_000);
    security.record(failed);
    expect((await events()).map(({ data }) => data.count)).toEqual([1, 4, 1]);
  });

  test('of a flood from everywhere is only counted above a number', async () => {
    const { security, events } = recording();
    for (let from = 0; from < 5000; from++) security.record({ ...failed, address: `10.${from >> 8}.${from & 255}.1` });
    const all = await events();
    expect(all.length).toBeLessThan(1000);
    expect(all.reduce((sum, { data }) => sum + Number(data.count), 0)).toBe(5000);
  });

  test('that cannot be stored fails nothing, and is said', async () => {
    const { store, sealer } = recording();
    const said: string[] = [];
    const broken = createSecurityLog({
      store: { ...store, append: () => Promise.reject(new Error('gone')) },
      sealer,
      secret: randomBytes(32),
      now: () => new Date(0),
      log: (message) => said.push(message),
    });
    broken.record(failed);
    broken.record({ ...failed, reason: 'Other' });
    await broken.flush();
    expect(said).toEqual(['a security event could not be stored: gone']);
  });
});

describe('pseudonyms of networks and accounts', () => {
  const network = async (secret: Uint8Array, note: SecurityNote, later = 0): Promise<string> => {
    const { security, events, pass } = recording(secret);
    pass(later);
    security.record(note);
    const [event] = await events();
    return `${event?.data.network} ${event?.data.target}`;
  };

  test('are the same for one network on one day, and lead nowhere else', async () => {
    const secret = randomBytes(32);
    const one = await network(secret, failed);
    expect(one).toMatch(/^net_[\w-]{22} $/);
    expect(await network(secret, { ...failed, address: '203.0.113.250' })).toBe(one);
    expect(await network(secret, { ...failed, address: '::ffff:203.0.113.9' })).toBe(one);
    expect(await network(secret, { ...failed, address: '203.0.114.7' })).not.toBe(one);
    expect(await network(secret, failed, 24 * 3600_000)).not.toBe(one);
    expect(await network(randomBytes(32), failed)).not.toBe(one);
  });

  test('stand for what a stranger called itself, however it wrote it', async () => {
    const secret = randomBytes(32);
    const one = await network(secret, { ...failed, account: 'Ada@example.org' });
    expect(one).toMatch(/ account_[\w-]{22}$/);
    expect(await network(secret, { ...failed, account: ' ada@EXAMPLE.org ' })).toBe(one);
  });
});

test('whatever a caller passes along by mistake, no words of it stand in the clear', async () => {
  const words = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => `canary of ${text}`);
  await fc.assert(
    fc.asyncProperty(words, words, words, words, async (reason, target, account, about) => {
      const { security, events } = recording();
      security.record({ ...failed, reason, target, about });
      security.record({ ...failed, reason, account, about });
      expect(JSON.stringify((await events()).map(({ data, stream, metadata }) => [data, stream, metadata]))).not.toContain('canary');
    }),
    { numRuns: 50 },
  );
});

test('a network is the /24 of an IPv4 address and the /64 of an IPv6 one, however they are written', () => {
  expect(networkOf('203.0.113.7')).toBe('203.0.113.0/24');
  expect(networkOf('::ffff:203.0.113.7')).toBe('203.0.113.0/24');
  expect(networkOf('2001:db8:0:7::1')).toBe('2001:db8:0:7::/64');
  expect(networkOf('2001:0db8::7:a:b:c:d')).toBe('2001:db8:0:7::/64');
  expect(networkOf('::1')).toBe('0:0:0:0::/64');
  expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
  for (const none of [undefined, '', 'localhost', '1.2.3', '/run/annals.sock']) expect(networkOf(none)).toBe(undefined);
});
