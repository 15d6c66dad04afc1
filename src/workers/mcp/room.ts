import type { McpLimits } from './pool-parts.ts';
import type { Slot } from './slot.ts';

/** Whose connections make room for one more: for each limit that is reached, what nobody has used for longest. Undefined: all of them are in use. */
export function whomToEnd(slots: readonly Slot[], wanted: Slot, limits: McpLimits): readonly Slot[] | undefined {
  const ending = new Set<Slot>();
  const rules: [number, (other: Slot) => boolean][] = [
    [limits.perPerson, ({ person }) => person === wanted.person],
    [limits.perServer, ({ server }) => server.serverId === wanted.server.serverId],
    [wanted.server.transport === 'stdio' ? limits.processes : Number.POSITIVE_INFINITY, ({ server }) => server.transport === 'stdio'],
  ];
  for (const [most, counts] of rules) {
    const counted = slots.filter((other) => other !== wanted && (other.connection || other.connecting) && !ending.has(other) && counts(other));
    if (counted.length < most) continue;
    const oldest = counted.filter(({ active, connecting }) => active === 0 && !connecting).toSorted((a, b) => a.usedAt - b.usedAt)[0];
    if (!oldest) return undefined;
    ending.add(oldest);
  }
  return [...ending];
}
