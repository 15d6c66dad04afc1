import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createKeeper, createWorld, type Member, TTL_MS } from './world.ts';

const names = ['0', '1', '2', '3', '4', '5', '6', '7'];
const SETTLED_MS = 3 * TTL_MS;

function sharers() {
  const world = createWorld();
  const joined: { readonly member: Member; readonly keeper: ReturnType<typeof createKeeper>; readonly leave: () => Promise<void> }[] = [];

  function join(): (typeof joined)[number] {
    const member = world.join(`process_${'x'.repeat(joined.length)}`);
    const keeper = createKeeper();
    const end = new AbortController();
    const work = (_: string, ...rest: Parameters<typeof keeper.work>) => keeper.work(...rest);
    const campaign = member.holder.campaignShards({ group: 'reactions', names, work, signal: end.signal });
    const leave = () => {
      end.abort();
      return campaign;
    };
    joined.push({ member, keeper, leave });
    return joined.at(-1)!;
  }

  const held = () => joined.map(({ keeper }) => keeper.held().map(({ name }) => name));
  const counts = () =>
    held()
      .map((of) => of.length)
      .sort();
  const all = () => held().flat().sort();
  const end = () => world.until(Promise.all(joined.map(({ leave }) => leave())));
  return { ...world, join, joined, held, counts, all, end };
}

const every = names.map((name) => `reactions/shard/${name}`);

it('shares evenly among those who are there, and gives no shard to two', async () => {
  const { clock, join, counts, all, end } = sharers();
  for (const expected of [[8], [4, 4], [2, 3, 3], [2, 2, 2, 2], [1, 1, 2, 2, 2]]) {
    join();
    await clock.pass(SETTLED_MS);
    expect(counts()).toEqual(expected);
    expect(all()).toEqual(every);
  }
  await end();
  expect(all()).toEqual([]);
});

it('moves no shard while nobody comes or goes', async () => {
  const { clock, join, joined, end } = sharers();
  for (let count = 0; count < 3; count += 1) join();
  await clock.pass(SETTLED_MS);
  const before = joined.map(({ keeper }) => keeper.got.length);
  await clock.pass(10 * TTL_MS);
  expect(joined.map(({ keeper }) => keeper.got.length)).toEqual(before);
  await end();
});

it('gives a shard away only when the work there has ended', async () => {
  const { clock, start, end } = createWorldOfSlowWork();
  const first = start();
  await clock.pass(200);
  const second = start();
  await clock.pass(SETTLED_MS);
  expect([first.working.size, second.working.size]).toEqual([8, 0]);
  expect(first.asked).toBe(4);
  first.finish();
  await clock.pass(SETTLED_MS);
  expect([first.working.size, second.working.size]).toEqual([4, 4]);
  await end();
});

it('hands the shards of one who leaves to the others at once, and those of one who died after its time', async () => {
  const { clock, store, join, joined, counts, all, end, until } = sharers();
  for (let count = 0; count < 3; count += 1) join();
  await clock.pass(SETTLED_MS);
  await until(joined[0]!.leave());
  await clock.pass(400);
  expect(counts()).toEqual([0, 4, 4]);
  joined[1]!.member.freeze();
  await clock.pass(TTL_MS + 500);
  expect(joined[2]!.keeper.held()).toHaveLength(8);
  expect(all()).toEqual(every);
  await clock.pass(5 * TTL_MS);
  expect((await store.list('reactions/process/')).map(({ holder }) => holder)).toEqual([joined[2]!.member.name]);
  await joined[1]!.member.thaw();
  await clock.pass(SETTLED_MS);
  expect(counts()).toEqual([0, 4, 4]);
  await end();
  expect(await store.list('reactions/process/')).toEqual([]);
});

const event = fc.record({
  who: fc.nat({ max: 3 }),
  what: fc.constantFrom('join', 'leave', 'freeze', 'thaw', 'cut before', 'cut after', 'mend'),
  thenMs: fc.integer({ min: 1, max: 1_500 }),
});

it('never gives a shard to two whoever comes, goes, freezes or is cut off, and ends up even', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 12 }), async (events) => {
      const { clock, join, joined, held, all, end } = sharers();
      const gone = new Set<Member>();
      join();
      for (const { who, what, thenMs } of events) {
        const one = joined[who % joined.length]!;
        if (what === 'join' && joined.length < 4) join();
        else if (what === 'freeze') one.member.freeze();
        else if (what === 'thaw') await one.member.thaw();
        else if (what === 'cut before') one.member.cut('before');
        else if (what === 'cut after') one.member.cut('after');
        else if (what === 'mend') one.member.mend();
        else if (what === 'leave' && gone.size < joined.length - 1) {
          void one.leave();
          gone.add(one.member);
        }
        for (let passed = 0; passed < thenMs; passed += 100) {
          await clock.pass(100);
          expect(new Set(all()).size).toBe(all().length);
        }
      }
      for (const { member } of joined) {
        member.mend();
        await member.thaw();
      }
      await clock.pass(3 * SETTLED_MS);
      const counts = joined.flatMap(({ member }, index) => (gone.has(member) ? [] : [held()[index]!.length]));
      if (counts.length > 0) {
        expect(all()).toEqual(every);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }
      await end();
      expect(all()).toEqual([]);
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 25 },
  );
});

function createWorldOfSlowWork() {
  const world = createWorld();
  const ends: (() => Promise<void>)[] = [];
  let count = 0;

  function start() {
    const working = new Set<string>();
    const end = new AbortController();
    const finish = new AbortController();
    const mine = { working, asked: 0, finish: () => finish.abort() };
    const campaign = world.join(`process_${++count}`).holder.campaignShards({
      group: 'reactions',
      names,
      signal: end.signal,
      work: async (shard, _, stop) => {
        working.add(shard);
        await once(stop);
        mine.asked += 1;
        await once(finish.signal);
        working.delete(shard);
      },
    });
    ends.push(() => {
      end.abort();
      finish.abort();
      return campaign;
    });
    return mine;
  }

  return { clock: world.clock, start, end: () => world.until(Promise.all(ends.map((stop) => stop()))) };
}

const once = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
