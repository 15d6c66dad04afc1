import { z } from 'zod';
import type { Decider } from './decider.ts';
import { type EventOf, event } from './event.ts';
import { IsoTime } from './ids.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** What is kept for a time of its own; hours count from the last activity, from when it was put into the trash, from the upload, and so on. */
export const retentionClasses = ['conversations', 'trash', 'uploads', 'reports', 'liveLog', 'exports', 'access'] as const;
export const RetentionClass = z.enum(retentionClasses);
export type RetentionClass = z.output<typeof RetentionClass>;

const MOST_HOURS = 100 * 366 * 24;
/** Null: for ever. */
export const Hours = z.int().min(1).max(MOST_HOURS).nullable();
/** How long each class is kept, and whether that is the most for threads whose owners said otherwise. */
export const RetentionPolicy = z.strictObject({
  conversations: Hours,
  trash: Hours,
  uploads: Hours,
  /** At least two days, because those of a day are erased together. */
  reports: z.int().min(48).max(MOST_HOURS).nullable(),
  liveLog: z
    .int()
    .min(1)
    .max(24 * 30),
  exports: z
    .int()
    .min(1)
    .max(24 * 30),
  /** Who was refused what, or looked at whose data; at least two days, because those of a day are erased together. */
  access: z.int().min(48).max(MOST_HOURS).nullable().default(null),
  binding: z.boolean(),
});
export type RetentionPolicy = z.output<typeof RetentionPolicy>;

/** What holds until an administrator says otherwise: nothing that a person wrote goes by itself. */
export const usualRetention: RetentionPolicy = {
  conversations: null,
  trash: null,
  uploads: null,
  reports: 90 * 24,
  liveLog: 24,
  exports: 24,
  access: null,
  binding: false,
};

/** Of one thread, said by its owner. `days` count from the last activity, `ephemeral` hours from when it was said, whatever happens meanwhile. */
export const ConversationRetention = z.discriminatedUnion('keep', [
  z.strictObject({ keep: z.literal('usual') }),
  z.strictObject({ keep: z.literal('forever') }),
  z.strictObject({ keep: z.literal('days'), days: z.int().min(1).max(36_600) }),
  z.strictObject({
    keep: z.literal('ephemeral'),
    hours: z
      .int()
      .min(1)
      .max(24 * 366),
  }),
]);
export type ConversationRetention = z.output<typeof ConversationRetention>;

export const RetentionPolicyChanged = event('RetentionPolicyChanged', 1, {
  before: RetentionPolicy.nullable(),
  policy: RetentionPolicy,
  /** Classes that are kept for a shorter time than before: what that makes overdue goes only from then on. */
  notBefore: z.partialRecord(RetentionClass, IsoTime),
});
export const retentionEvents = [RetentionPolicyChanged] as const;

export const RETENTION_STREAM = 'retention-installation';

/** Owners see for so long what is going to be deleted because of a change. */
export const NOTICE_MS = 7 * 24 * 3600_000;
const noticed: readonly RetentionClass[] = ['conversations', 'trash', 'uploads'];

export interface Retention {
  policy?: RetentionPolicy;
  notBefore: Readonly<Partial<Record<RetentionClass, string>>>;
}
type RetentionCommand = { name: 'changeRetentionPolicy'; policy: RetentionPolicy };

/** What was kept for nobody knows how long counts as kept for ever. */
const isShorter = (hours: number | null, before: number | null = null): boolean => hours !== null && (before === null || hours < before);

export const retentions: Decider<Retention, RetentionCommand, EventOf<typeof RetentionPolicyChanged>> = {
  initialState: () => ({ notBefore: {} }),
  // Policies from before records of access had a time of their own say nothing of them.
  evolve: (_state, { data }) => ({ policy: { ...data.policy, access: data.policy.access ?? null }, notBefore: data.notBefore }),
  decide: ({ policy }, { policy: before, notBefore: noticedBefore }, { now }) => {
    if (before !== undefined && JSON.stringify(policy) === JSON.stringify(before)) return [];
    const from = new Date(Date.parse(now) + NOTICE_MS).toISOString();
    const binds = policy.binding && before?.binding !== true;
    const notBefore = Object.fromEntries(
      noticed.flatMap((each) => {
        if (isShorter(policy[each], before?.[each]) || (each === 'conversations' && binds)) return [[each, from]];
        const still = noticedBefore[each];
        return still !== undefined && still > now ? [[each, still]] : [];
      }),
    );
    return [RetentionPolicyChanged({ before: before ?? null, policy, notBefore })];
  },
};

/** What was last active then, or earlier, is overdue now; `undefined` when nothing is. */
export function cutoff({ policy, notBefore }: { policy: RetentionPolicy; notBefore: Retention['notBefore'] }, of: RetentionClass, now: string) {
  const hours = policy[of];
  const from = notBefore[of];
  return hours === null || (from !== undefined && now < from) ? undefined : new Date(Date.parse(now) - hours * 3600_000).toISOString();
}

/** When what was last active at `since` is deleted for good; `undefined`: never. */
export function deletedAt(retention: { policy: RetentionPolicy; notBefore: Retention['notBefore'] }, of: RetentionClass, since: string) {
  const hours = retention.policy[of];
  if (hours === null) return undefined;
  const due = new Date(Date.parse(since) + hours * 3600_000).toISOString();
  const from = retention.notBefore[of];
  return from !== undefined && from > due ? from : due;
}

/** When a thread's own rule ends it: the rule was said at `saidAt`, the last activity was at `since`. */
export function ownDeadline(rule: ConversationRetention, saidAt: string, since: string): string | undefined {
  if (rule.keep === 'days') return new Date(Date.parse(since) + rule.days * 24 * 3600_000).toISOString();
  return rule.keep === 'ephemeral' ? new Date(Date.parse(saidAt) + rule.hours * 3600_000).toISOString() : undefined;
}
