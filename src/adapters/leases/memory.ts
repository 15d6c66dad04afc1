import type { LeaseRow, Leases } from './port.ts';

/** Leases that last as long as the process, for tests. */
export function createMemoryLeases(): Leases {
  const rows = new Map<string, LeaseRow>();

  function compareAndSet(name: string, expected: LeaseRow | undefined, next: LeaseRow | undefined): boolean {
    if (!isSame(rows.get(name), expected)) return false;
    if (next) rows.set(name, { ...next, name });
    else rows.delete(name);
    return true;
  }

  return {
    read: async (name) => rows.get(name),
    list: async (prefix) => [...rows.values()].filter(({ name }) => name.startsWith(prefix)).sort((a, b) => (a.name < b.name ? -1 : 1)),
    compareAndSet: async (name, expected, next) => compareAndSet(name, expected, next),
    close: async () => {},
  };
}

const isSame = (row: LeaseRow | undefined, other: LeaseRow | undefined): boolean =>
  row?.holder === other?.holder && row?.token === other?.token && row?.renewals === other?.renewals;
