import { z } from 'zod';

/** Where a list goes on, and how much of it. Numbers may come as text, from an address. */
export const pageFields = (most: number) => ({
  /** `next` of the page before. */
  cursor: z.string().max(4096).optional(),
  limit: z.coerce.number().int().min(1).max(most).optional(),
});

/** Instead of one's own: what others share with one, what was shared last first. */
export const Shared = z.enum(['with-me']).optional();

export const pageOptions = ({ cursor, limit }: { cursor?: string | undefined; limit?: number | undefined }, usual: number) => ({
  limit: limit ?? usual,
  ...(cursor === undefined ? {} : { after: cursor }),
});
