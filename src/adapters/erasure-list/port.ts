import { z } from 'zod';

/** Whose keys, or what's, have been destroyed: an id of a person, or the scope of keys (a conversation, a file). Ids only, nothing personal. */
export const Erased = z.object({ kind: z.enum(['subject', 'scope']), name: z.string() });
export type Erased = z.infer<typeof Erased>;

/**
 * What has been erased, kept apart from the backups: whoever puts an older backup in place has everything on it erased again before anybody is served.
 * Nothing is ever taken off it.
 */
export interface ErasureList {
  /** Durable when it resolves. What stands there already is not added again. */
  add(erased: Erased): Promise<void>;
  /** In the order in which they were added. */
  all(): Promise<readonly Erased[]>;
}

export const lineOf = ({ kind, name }: Erased): string => `${kind} ${name}`;
