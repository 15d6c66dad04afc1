import type { Decider } from './decider.ts';
import { type KeyRing, type KeyScopes, ProviderKeyUsed, type RingKey, rotationTimes } from './provider-key.ts';

/** What a key is wanted for. */
export interface KeyUse {
  readonly provider: string;
  /** `provider/model`. */
  readonly model?: string;
  readonly tool?: string;
  readonly conversationId?: string;
  /** Of the page that asked; unknown where nobody passes it on. */
  readonly origin?: string;
}

/** What is not known of the use is not allowed by a scope that names it. */
export function allows({ models, tools, conversations, origins }: KeyScopes, use: KeyUse): boolean {
  const within = (list: readonly string[] | undefined, value: string | undefined): boolean =>
    list === undefined || (value !== undefined && list.includes(value));
  const bare = use.model?.slice(use.model.indexOf('/') + 1);
  const model = models === undefined || models.some((pattern) => [use.model, bare].some((name) => name !== undefined && fits(pattern, name)));
  return model && within(tools, use.tool) && within(conversations, use.conversationId) && within(origins, use.origin);
}

/** Without a regular expression, which somebody else's pattern could keep busy for ever. */
function fits(pattern: string, text: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return pattern === text;
  if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length) return false;
  let at = head.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - tail.length;
}

/** Older than it is allowed to get. */
export function isOverdue({ rotation, current }: Pick<RingKey, 'rotation' | 'current'>, now: string): boolean {
  const times = rotation.forced ? rotationTimes(rotation, current.at) : undefined;
  return times !== undefined && now >= times.rotateBy;
}

/** The newest key that may be used for it; `overdue` when all that may are older than they are allowed to get. */
export function keyFor({ keys }: KeyRing, use: KeyUse, now: string): RingKey | 'none' | 'overdue' {
  const fitting = [...keys.values()].filter(({ provider, scopes }) => provider === use.provider && allows(scopes, use));
  if (fitting.length === 0) return 'none';
  const usable = fitting.filter((key) => !isOverdue(key, now));
  return usable.toSorted((a, b) => (a.current.at < b.current.at ? 1 : -1))[0] ?? 'overdue';
}

export const keyUseStream = (id: string, day: string): string => `keyuse-${id}-${day}`;

/** What was counted somewhere is written down as it was counted. */
export const keyUses: Decider<null, { name: 'recordProviderKeyUse'; keyId: string; count: number; from: string; to: string }> = {
  initialState: () => null,
  evolve: () => null,
  decide: ({ keyId, count, from, to }) => [ProviderKeyUsed({ keyId, count, from, to })],
};
