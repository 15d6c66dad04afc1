import { z } from 'zod';
import type { Published } from './port.ts';

const Failure = z.object({
  code: z.unknown().optional(),
  type: z.unknown().optional(),
  message: z.string().optional(),
  cause: z.unknown().optional(),
});

/** By the protocol's numbers: INVALID_PRODUCER_EPOCH, PRODUCER_FENCED, the latter unknown to kafkajs. */
const FENCED: ReadonlySet<unknown> = new Set([47, 90]);
/** MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE. */
const TOO_LARGE: ReadonlySet<unknown> = new Set([10, 18]);

/** The error and what caused it, outermost first. */
function* chain(error: unknown): Generator<z.infer<typeof Failure>> {
  let at = Failure.safeParse(error);
  for (let depth = 0; at.success && depth < 8; depth++) {
    yield at.data;
    at = Failure.safeParse(at.data.cause);
  }
}

/** What an error of a batch comes to. */
export function publishedNot(error: unknown): Exclude<Published, { ok: true }> {
  const codes = [...chain(error)].map(({ code }) => code);
  const message = reasonOf(error);
  if (codes.some((code) => FENCED.has(code))) return { ok: false, code: 'Fenced', message };
  if (codes.some((code) => TOO_LARGE.has(code))) return { ok: false, code: 'TooLarge', message };
  return { ok: false, code: 'Lost', message };
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
