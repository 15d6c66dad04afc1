import type { Dependencies } from './releases.ts';

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: Dependencies['edges'][number]['kind'] | 'uses';
  readonly label: string;
}
/** What uses servers: a conversation, a prompt, or others, of whom only the number is known. */
export interface User {
  readonly title: string;
  readonly kind: string;
  readonly edges: readonly GraphEdge[];
}

const MOST_USERS = 4;

/** By a key that no short name of a server can be; of one's own those that call most, the others are counted. */
export function usersOf(usage: Dependencies['usage'], others: Dependencies['others']): ReadonlyMap<string, User> {
  const own = [...Map.groupBy(usage, ({ kind, id }) => `${kind}:${id}`)].toSorted(([, one], [, other]) => callsOf(other) - callsOf(one));
  return new Map<string, User>([
    ...own.slice(0, MOST_USERS).flatMap(([key, uses]) => {
      const [first] = uses;
      const edges = uses.map(({ server, tools }): GraphEdge => ({ from: key, to: server, kind: 'uses', label: tools.join(', ') }));
      return first ? [[key, { title: first.title, kind: first.kind, edges }] as const] : [];
    }),
    ...others.map(({ server, persons, calls }) => {
      const key = `others:${server}`;
      const edges: GraphEdge[] = [{ from: key, to: server, kind: 'uses', label: calls === 1 ? '1 call' : `${calls} calls` }];
      return [key, { title: persons === 1 ? '1 other person' : `${persons} other persons`, kind: 'others', edges }] as const;
    }),
  ]);
}

const callsOf = (uses: Dependencies['usage']): number => uses.reduce((sum, { calls }) => sum + calls, 0);
