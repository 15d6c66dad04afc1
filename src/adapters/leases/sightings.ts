import type { LeaseRow } from './port.ts';

interface Sighting {
  readonly row: LeaseRow;
  readonly since: number;
}

/** Since when this process has seen each row as it stands, by its own clock: the only way in which anybody is judged dead. */
export function createSightings(now: () => number) {
  const seen = new Map<string, Sighting>();

  /** To be told right after a row was read (`undefined`: there is none); answers for how many milliseconds it has been seen unchanged. */
  function note(name: string, row: LeaseRow | undefined): number {
    const before = seen.get(name);
    if (row === undefined) seen.delete(name);
    else if (before === undefined || !isSame(before.row, row)) seen.set(name, { row, since: now() });
    return now() - (seen.get(name)?.since ?? now());
  }

  /** All rows of a prefix, just listed: those no longer there are forgotten. */
  function noteAll(prefix: string, rows: readonly LeaseRow[]): ReadonlyMap<string, number> {
    const there = new Set(rows.map(({ name }) => name));
    for (const name of seen.keys()) if (name.startsWith(prefix) && !there.has(name)) seen.delete(name);
    return new Map(rows.map((row) => [row.name, note(row.name, row)]));
  }

  return { note, noteAll };
}

const isSame = (a: LeaseRow, b: LeaseRow): boolean => a.holder === b.holder && a.token === b.token && a.renewals === b.renewals;
