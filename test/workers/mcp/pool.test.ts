import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { McpConnection, McpConnector, McpResult } from '../../../src/adapters/mcp/port.ts';
import type { PersonId } from '../../../src/domain/ids.ts';
import type { NamedServer } from '../../../src/domain/mcp/server.ts';
import { createMcpPool } from '../../../src/workers/mcp/pool.ts';
import { type Launch, usualMcpLimits } from '../../../src/workers/mcp/pool-parts.ts';
import { backoffMs } from '../../../src/workers/mcp/slot.ts';

const limits = { ...usualMcpLimits, perPerson: 2, perServer: 3, processes: 2, idleMs: 1000 };
const serverOf = (name: string): NamedServer => ({
  serverId: `mcp_org_${name}`,
  owner: 'organisation' as PersonId,
  slug: name,
  slugTag: name,
  transport: name.startsWith('child') ? 'stdio' : 'http',
  audience: 'everybody',
  enabled: true,
  auth: 'none',
  timeoutMs: null,
  version: 1,
  place: { eventId: name, revision: 0n },
  policies: new Map(),
  updates: 'manual',
});
const persons = ['person_a', 'person_b', 'person_c', 'person_d'] as PersonId[];
const servers = ['files', 'mail', 'child', 'child-two'].map(serverOf);

interface Played {
  readonly fails?: () => boolean;
  readonly chance?: number;
  readonly launch?: Launch;
  /** Lists are there when it resolves. */
  readonly listed?: () => Promise<unknown>;
  /** How many connects there had been when the connection was made that has read them. */
  readonly onLists?: (nth: number) => unknown;
}
/** A pool whose connections are counted, and whose clock moves when told. */
function counted({
  fails = () => false,
  chance = 0.5,
  launch = async (_server, target) => ({ ok: true, value: { target } }),
  listed = async () => undefined,
  onLists = () => undefined,
}: Played = {}) {
  const open = new Set<{ server: string }>();
  let clock = 0;
  let tries = 0;
  const facts = {
    era: 'legacy',
    protocolVersion: '',
    serverName: '',
    serverVersion: '',
    instructions: null,
    capabilities: {},
    prior: { era: 'legacy' },
  } as const;
  const connector = {
    connect: async (target: { url?: string; command?: string }) => {
      const nth = ++tries;
      if (fails()) return { ok: false, error: { code: 'Unreachable', message: 'Nobody is there.', sent: false } };
      const mine = { server: target.url ?? target.command ?? '' };
      open.add(mine);
      const closed = Promise.withResolvers<string>();
      const connection: Partial<McpConnection> = {
        facts,
        closed: closed.promise,
        lists: async () => {
          await listed();
          return { ok: true, value: { tools: [], prompts: Array.from({ length: nth }, () => ({})), templates: [], broken: [] } };
        },
        memory: () => undefined,
        close: async () => void open.delete(mine),
      };
      return { ok: true, value: connection as McpConnection };
    },
  } as unknown as McpConnector;
  const pool = createMcpPool({
    connector,
    registry: {
      find: async () => undefined,
      open: async ({ slugTag: slug, transport }) => ({
        title: '',
        oauth: null,
        target: transport === 'stdio' ? { kind: 'stdio', command: slug, args: [], env: {} } : { kind: 'http', url: slug, headers: {} },
      }),
    },
    access: { standing: async () => ({ ok: false, reason: '' }), lose: async () => undefined, tokensFor: () => ({}) as never },
    limits,
    commands: [],
    launch,
    onLists: async (_server, _person, _facts, { prompts }) => String(onLists(prompts.length)),
    onNew: () => undefined,
    onStatus: () => undefined,
    now: () => clock,
    chance: () => chance,
  });
  const held: (() => void)[] = [];
  const use = (person: PersonId, server: NamedServer, hold = false): Promise<McpResult<undefined>> =>
    pool.use(server, person, { signal: AbortSignal.timeout(60_000), method: 'tools/call', repeatable: false }, async () => {
      if (hold) await new Promise<void>((resolve) => held.push(resolve));
      return { ok: true, value: undefined };
    });
  return {
    pool,
    open,
    use,
    held,
    tries: () => tries,
    pass: (ms: number): void => {
      clock += ms;
    },
  };
}
type Counted = ReturnType<typeof counted>;

const connectedTo = ({ pool }: Counted) => pool.statuses().filter(({ state }) => state === 'ready');
function expectWithinLimits(stage: Counted): void {
  const there = connectedTo(stage);
  expect(there.length).toBe(stage.open.size);
  for (const person of persons) expect(there.filter((one) => one.person === person).length).toBeLessThanOrEqual(limits.perPerson);
  for (const { serverId } of servers) expect(there.filter((one) => one.serverId === serverId).length).toBeLessThanOrEqual(limits.perServer);
  expect(there.filter(({ serverId }) => serverId.includes('child')).length).toBeLessThanOrEqual(limits.processes);
}

test('whoever uses which servers in whatever order, there are never more connections than may be, and nobody is refused while one is idle', async () => {
  const uses = fc.array(fc.tuple(fc.constantFrom(...persons), fc.constantFrom(...servers)), { maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(uses, async (wanted) => {
      const stage = counted();
      for (const [person, server] of wanted) {
        stage.pass(1);
        expect(await stage.use(person, server)).toMatchObject({ ok: true });
        expectWithinLimits(stage);
      }
      await stage.pool.close();
      expect(stage.open.size).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test('a connection that is in use is not ended for another one: who comes then is told that all are', async () => {
  const stage = counted();
  const [ada = persons[0] as PersonId] = persons;
  const [files, mail, child] = servers as [NamedServer, NamedServer, NamedServer];
  const busy = [stage.use(ada, files, true), stage.use(ada, mail, true)];
  while (stage.held.length < 2) await new Promise(setImmediate);
  expect(await stage.use(ada, child)).toMatchObject({ ok: false, error: { code: 'Busy' } });
  expect(await stage.use(persons[1] as PersonId, child)).toMatchObject({ ok: true });
  for (const go of stage.held) go();
  expect(await Promise.all(busy)).toMatchObject([{ ok: true }, { ok: true }]);
  expect(await stage.use(ada, child)).toMatchObject({ ok: true });
  expectWithinLimits(stage);
  await stage.pool.close();
});

test('a connection that nobody has used for long is ended, one that is in use is not, and the next use makes it anew', async () => {
  const stage = counted();
  const [files, mail] = servers as [NamedServer, NamedServer];
  const [ada, bob] = persons as [PersonId, PersonId];
  await stage.use(ada, files);
  const busy = stage.use(bob, mail, true);
  while (stage.held.length < 1) await new Promise(setImmediate);
  stage.pass(limits.idleMs);
  await stage.pool.sweep();
  expect(stage.open.size).toBe(2);
  stage.pass(1);
  await stage.pool.sweep();
  expect([...stage.open]).toEqual([{ server: 'mail' }]);
  expect(stage.pool.statuses().find(({ person }) => person === ada)?.state).toBe('registered');
  stage.held[0]?.();
  await busy;
  expect(await stage.use(ada, files)).toMatchObject({ ok: true });
  await stage.pool.close();
});

test('whoever calls waits no longer for a package to be installed than for the call, and the next has the connection', async () => {
  const { promise: installed, resolve: install } = Promise.withResolvers<void>();
  const stage = counted({
    launch: async (_server, target, { onInstall }) => {
      onInstall?.();
      await installed;
      return { ok: true, value: { target, release: '1.0.0' } };
    },
  });
  const [ada = persons[0] as PersonId] = persons;
  const child = { ...(servers[2] as NamedServer), timeoutMs: 10 };
  const reason = 'Its package is being installed.';
  expect(await stage.use(ada, child)).toMatchObject({ ok: false, error: { code: 'Timeout', message: expect.stringContaining(reason), sent: false } });
  expect(stage.pool.statuses()).toMatchObject([{ state: 'connecting', reason }]);
  install();
  await stage.pool.refresh(child, ada, 'now');
  expect(await stage.use(ada, child)).toMatchObject({ ok: true });
  expect(stage.tries()).toBe(1);
  expect(stage.pool.statuses()).toMatchObject([{ state: 'ready', release: '1.0.0' }]);
  await stage.pool.close();
});

test('lists that are still being read when another release is to run are not written down, and those of the other one are', async () => {
  const { promise: read, resolve: go } = Promise.withResolvers<void>();
  const written: number[] = [];
  const stage = counted({ listed: () => read, onLists: (nth) => written.push(nth) });
  const [files] = servers as [NamedServer];
  const [ada] = persons as [PersonId];
  await stage.use(ada, files);
  const renewed = stage.pool.renew(files.serverId);
  go();
  await renewed;
  expect(new Set(written)).toEqual(new Set([2]));
  await stage.pool.close();
});

test('who cannot be reached is tried again after a while that doubles, by chance half of it less, and at once when somebody insists', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, chance) => {
      const longest = Math.min(300_000, 1000 * 2 ** (failures - 1));
      const wait = backoffMs(failures, chance);
      expect(wait).toBeGreaterThanOrEqual(longest / 2);
      expect(wait).toBeLessThanOrEqual(longest);
    }),
  );
  let away = true;
  const stage = counted({ fails: () => away, chance: 0 });
  const [files] = servers as [NamedServer];
  const [ada] = persons as [PersonId];
  for (const [failures, wait] of [500, 1000, 2000, 4000, 8000].entries()) {
    expect(await stage.use(ada, files)).toMatchObject({ ok: false, error: { code: 'Unreachable' } });
    expect(stage.tries()).toBe(failures + 1);
    expect(stage.pool.statuses()[0]?.state).toBe(failures < 4 ? 'backoff' : 'failed');
    stage.pass(wait - 1);
    expect(await stage.use(ada, files)).toMatchObject({ ok: false, error: { message: expect.stringContaining('tried again in 1 s') } });
    expect(stage.tries()).toBe(failures + 1);
    stage.pass(1);
  }
  away = false;
  await stage.pool.refresh(files, ada, 'now');
  expect(stage.pool.statuses()[0]?.state).toBe('ready');
  await stage.pool.close();
});
