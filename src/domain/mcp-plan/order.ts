/** What has to be there first, by server. */
export type Needs = ReadonlyMap<string, readonly string[]>;

/**
 * Groups of servers in the order in which they can be started: whatever a group needs is in it or before it. A group of several is a cycle (Tarjan's strongly
 * connected components, which come out in just that order).
 */
export function startOrder(needs: Needs): readonly (readonly string[])[] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const groups: string[][] = [];
  const visit = (server: string): void => {
    index.set(server, index.size);
    low.set(server, index.get(server) as number);
    open.push(server);
    for (const other of (needs.get(server) ?? []).filter((each) => needs.has(each))) {
      if (!index.has(other)) visit(other);
      if (open.includes(other)) low.set(server, Math.min(low.get(server) as number, low.get(other) as number));
    }
    if (low.get(server) === index.get(server)) groups.push(open.splice(open.indexOf(server)).toSorted());
  };
  for (const server of [...needs.keys()].toSorted()) if (!index.has(server)) visit(server);
  return groups;
}
