import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LeaseRow, Leases } from '../../src/adapters/leases/port.ts';

export interface OpenedLeases {
  readonly leases: Leases;
  /** The same rows as another process sees them. */
  readonly others: Leases;
  readonly remove: () => Promise<void>;
}

export interface LeasesAdapter {
  readonly name: string;
  readonly open: () => Promise<OpenedLeases>;
}

const names = ['sweeper', 'view/a', 'view/b', 'view/a$.%', 'View/a'];
const number = fc.integer({ min: 0, max: 2 });
const content = fc.record({ holder: fc.constantFrom('', 'process_1', 'process_2'), token: number, renewals: number });
type Content = Omit<LeaseRow, 'name'>;

/** A change of a row, and whether it expects the row as it stands or as it is told. */
const change = fc.record({
  name: fc.constantFrom(...names),
  expected: fc.oneof(fc.constant('as it stands' as const), fc.option(content, { nil: undefined })),
  next: fc.option(content, { nil: undefined }),
});

/** What all leases must do. */
export function describeLeases(adapters: readonly LeasesAdapter[]): void {
  describe.each(adapters)('the leases $name', (adapter) => {
    let opened: OpenedLeases;
    let leases: Leases;
    beforeEach(async () => {
      opened = await adapter.open();
      leases = opened.leases;
    });
    afterEach(() => opened.remove());

    it('writes a row exactly when it stands as expected, and shows everybody the same', async () => {
      let attempt = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(change, { maxLength: 30 }), async (changes) => {
          attempt += 1;
          const own = (name: string) => `${attempt}/${name}`;
          const model = new Map<string, LeaseRow>();
          for (const { name, expected, next } of changes) {
            const stands = model.get(own(name));
            const expects = expected === 'as it stands' ? stands : rowOf(own(name), expected);
            const answer = await leases.compareAndSet(own(name), expects, rowOf(own(name), next));
            expect(answer).toBe(isSame(stands, expects));
            if (answer && next) model.set(own(name), { name: own(name), ...next });
            else if (answer) model.delete(own(name));
            expect(await opened.others.read(own(name))).toEqual(model.get(own(name)));
          }
          expect(await opened.others.list(`${attempt}/`)).toEqual([...model.values()].sort(byName));
          expect(await leases.list(own('view/a'))).toEqual([...model.values()].filter(({ name }) => name.startsWith(own('view/a'))).sort(byName));
        }),
        { numRuns: 30 },
      );
    });

    it('lets exactly one of many win who expect the same', async () => {
      const from = (holder: string, token: number): LeaseRow => ({ name: 'sweeper', holder, token, renewals: 0 });
      let stands: LeaseRow | undefined;
      for (let round = 1; round <= 10; round += 1) {
        const expected = stands;
        const rivals = Array.from({ length: 8 }, (_, index) => from(`process_${index}`, round));
        const answers = await Promise.all(
          rivals.map((next, index) => (index % 2 === 0 ? leases : opened.others).compareAndSet('sweeper', expected, next)),
        );
        expect(answers.filter(Boolean)).toHaveLength(1);
        stands = await leases.read('sweeper');
        expect(stands).toEqual(rivals[answers.indexOf(true)]);
      }
    });

    it('knows no row that was never written, and lists none', async () => {
      expect(await leases.read('sweeper')).toBeUndefined();
      expect(await leases.list('')).toEqual([]);
    });
  });
}

const rowOf = (name: string, row: Content | undefined): LeaseRow | undefined => row && { name, ...row };
const byName = (a: LeaseRow, b: LeaseRow) => (a.name < b.name ? -1 : 1);

function isSame(a: LeaseRow | undefined, b: LeaseRow | undefined): boolean {
  return a?.holder === b?.holder && a?.token === b?.token && a?.renewals === b?.renewals;
}
