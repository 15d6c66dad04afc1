import { type ErasureList, lineOf } from './port.ts';

/** One list in several places. What one of them lacks, because it was put back from a backup, is added to it by `level`. */
export function severalLists(lists: readonly ErasureList[]): ErasureList & { level(): Promise<void> } {
  const all: ErasureList['all'] = async () => {
    const each = await Promise.all(lists.map((list) => list.all()));
    return [...new Map(each.flat().map((erased) => [lineOf(erased), erased])).values()];
  };
  return {
    all,
    async add(erased) {
      for (const list of lists) await list.add(erased);
    },
    async level() {
      const known = await all();
      for (const list of lists) {
        const there = new Set((await list.all()).map(lineOf));
        for (const erased of known) if (!there.has(lineOf(erased))) await list.add(erased);
      }
    },
  };
}
