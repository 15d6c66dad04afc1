import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLeaseHolder } from '../../../src/adapters/leases/hold.ts';
import { createMemoryLeases } from '../../../src/adapters/leases/memory.ts';
import { createKeeper, createWorld, type Member, TTL_MS, WAY_MS } from './world.ts';

/** All that a dead holder's lease may take to be taken: its row seen unchanged for the time to live, found by the next look. */
const TAKEOVER_MS = TTL_MS + 400;

let end: AbortController;
beforeEach(() => {
  end = new AbortController();
});
afterEach(() => end.abort());

function campaigners(count: number) {
  const world = createWorld();
  const keepers = Array.from({ length: count }, createKeeper);
  const members = keepers.map((_, index) => world.join(`process_${'x'.repeat(index)}`));
  const campaigns = members.map((member, index) => member.holder.campaign('sweeper', keepers[index]!.work, end.signal));
  return { ...world, keepers, members, campaigns, held: () => keepers.flatMap((keeper) => keeper.held()) };
}

describe('a campaign for a lease', () => {
  it('gives it to one, and to the next with a greater token when the work has ended', async () => {
    const { clock, store, keepers, members, until } = campaigners(2);
    await clock.pass(5 * TTL_MS);
    expect(keepers.map(({ got }) => got.length).sort()).toEqual([0, 1]);
    const first = keepers.findIndex(({ got }) => got.length === 1);
    end.abort();
    await clock.pass(2 * WAY_MS);
    expect(await store.read('sweeper')).toMatchObject({ holder: '', token: 1 });
    const next = await until(members[1 - first]!.holder.tryAcquire('sweeper'));
    expect(next).toMatchObject({ name: 'sweeper', token: 2 });
  });

  it('resolves when the work in progress has ended and the lease is given back', async () => {
    const { clock, store, campaigns, until } = campaigners(1);
    await clock.pass(200);
    end.abort();
    await until(Promise.all(campaigns));
    expect(await store.read('sweeper')).toMatchObject({ holder: '' });
    expect(clock.pending).toBe(0);
  });

  it('goes on after work that throws, and tells of it', async () => {
    const { clock, join } = createWorld();
    const member = join('process_1');
    let calls = 0;
    void member.holder.campaign('sweeper', () => Promise.reject(new Error(`failure ${++calls}`)), end.signal);
    await clock.pass(1_000);
    expect(calls).toBeGreaterThan(2);
    expect(member.problems[1]).toMatchObject({ lease: 'sweeper', doing: 'work', error: new Error('failure 2') });
  });

  it('keeps the lease while the store is away for less than the lease', async () => {
    const { clock, keepers, members } = campaigners(2);
    await clock.pass(200);
    for (const member of members) member.cut('before');
    await clock.pass(TTL_MS / 3);
    for (const member of members) member.mend();
    await clock.pass(5 * TTL_MS);
    expect(keepers.map(({ got }) => got.length).sort()).toEqual([0, 1]);
  });

  it('keeps the lease when the answers to renewals were lost', async () => {
    const { clock, keepers, members } = campaigners(2);
    await clock.pass(200);
    for (const member of members) member.cut('after');
    await clock.pass(TTL_MS / 2);
    for (const member of members) member.mend();
    await clock.pass(5 * TTL_MS);
    expect(keepers.map(({ got }) => got.length).sort()).toEqual([0, 1]);
    expect(keepers.flatMap((keeper) => keeper.held())).toHaveLength(1);
  });

  it('takes the lease back at once that it took without hearing so', async () => {
    const { clock, join, until } = createWorld();
    const { cut, mend, holder } = join('process_1');
    const acquire = () => until(holder.tryAcquire('sweeper'));
    cut('after');
    await expect(acquire()).rejects.toThrow('The answer was lost.');
    mend();
    const [lease, second] = await Promise.all([acquire(), acquire()]);
    expect(lease?.isHeld()).toBe(true);
    expect(second).toBeUndefined();
    expect(await acquire()).toBeUndefined();
    await until(lease!.release());
    const again = await acquire();
    await until(lease!.release());
    expect(again?.isHeld()).toBe(true);
    await until(again!.release());
    expect(clock.pending).toBe(0);
  });

  it('leaves a dead holder its lease for its time, then takes it', async () => {
    const { clock, keepers, members } = campaigners(3);
    await clock.pass(500);
    const dead = keepers.findIndex(({ got }) => got.length === 1);
    members[dead]!.freeze();
    await clock.pass(TTL_MS - 500);
    expect(keepers.flatMap(({ got }) => got)).toHaveLength(1);
    await clock.pass(TAKEOVER_MS - TTL_MS + 500);
    expect(keepers.flatMap(({ got }) => got.map(({ token }) => token))).toEqual(expect.arrayContaining([1, 2]));
  });

  it('tells a frozen holder at its first look that it has lost, before any of its timers ran', async () => {
    const { clock, keepers, members } = campaigners(1);
    await clock.pass(500);
    const [lease] = keepers[0]!.got;
    expect([lease?.isHeld(), lease?.lost.aborted]).toEqual([true, false]);
    members[0]?.freeze();
    await clock.pass(TTL_MS);
    expect(lease?.lost.aborted).toBe(true);
    expect(lease?.isHeld()).toBe(false);
    await members[0]?.thaw();
    expect(lease?.isHeld()).toBe(false);
  });

  it('never believes again in a lease that it gave up, though a late answer says that it was renewed', async () => {
    const { clock, store, keepers, members } = campaigners(1);
    await clock.pass(2 * WAY_MS + TTL_MS / 3 + WAY_MS + 1);
    expect(await store.read('sweeper')).toMatchObject({ renewals: 1 });
    const [lease] = keepers[0]!.got;
    members[0]?.freeze();
    await clock.pass(TTL_MS);
    expect(lease?.isHeld()).toBe(false);
    await members[0]?.thaw();
    expect(lease?.isHeld()).toBe(false);
    await clock.pass(TTL_MS);
    expect(keepers[0]!.got.map(({ token }) => token)).toEqual([1, 2]);
  });

  it('counts a renewal from when it was sent, not from when the answer came', async () => {
    const { clock, keepers, members, held } = campaigners(2);
    await clock.pass(4 * WAY_MS);
    const first = keepers.findIndex(({ got }) => got.length === 1);
    await clock.pass(TTL_MS / 3 - WAY_MS);
    members[first]!.freeze();
    await clock.pass(TTL_MS / 2 - 4 * WAY_MS);
    await members[first]!.thaw();
    members[first]!.cut('before');
    for (let passed = 0; passed < 2 * TTL_MS; passed += 10) {
      await clock.pass(10);
      expect(held().length).toBeLessThanOrEqual(1);
    }
    expect(keepers[1 - first]!.held()).toHaveLength(1);
  });

  it('refuses a holder without a name', () => {
    expect(() => createLeaseHolder({ leases: createMemoryLeases(), holder: '', ttlMs: 1_000 })).toThrow(TypeError);
  });
});

const fault = fc.record({
  member: fc.nat({ max: 2 }),
  what: fc.constantFrom('freeze', 'thaw', 'cut before', 'cut after', 'mend', 'nothing'),
  thenMs: fc.integer({ min: 1, max: 900 }),
});

async function strike(member: Member, what: string): Promise<void> {
  if (what === 'freeze') member.freeze();
  else if (what === 'thaw') await member.thaw();
  else if (what === 'cut before') member.cut('before');
  else if (what === 'cut after') member.cut('after');
  else if (what === 'mend') member.mend();
}

describe('whatever is frozen, cut off or mended', () => {
  it('never have two the lease at one moment, tokens only grow, and the healed have one holder again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 25 }), async (faults) => {
        end = new AbortController();
        const { clock, keepers, members, held, campaigns, until } = campaigners(3);
        const tokens = () => keepers.flatMap(({ got }) => got.map(({ token }) => token));
        let known = 0;
        for (const { member, what, thenMs } of faults) {
          await strike(members[member]!, what);
          for (let passed = 0; passed < thenMs; passed += 50) {
            await clock.pass(50);
            expect(held().length).toBeLessThanOrEqual(1);
            const [now] = held();
            expect(now?.token ?? known).toBeGreaterThanOrEqual(known);
            known = now?.token ?? known;
          }
        }
        for (const member of members) {
          member.mend();
          await member.thaw();
        }
        await clock.pass(2 * TAKEOVER_MS);
        expect(held()).toHaveLength(1);
        expect(new Set(tokens()).size).toBe(tokens().length);
        end.abort();
        await until(Promise.all(campaigns));
        expect(held()).toEqual([]);
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});
