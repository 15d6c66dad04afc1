import type { KafkaMessage } from 'kafkajs';
import { z } from 'zod';
import type { Spent } from './tokens.ts';

/**
 * The events that carry usage: each model call of an answer ends in a step or with its run, a title's in the last. Version 2 of a step may leave out what
 * a tool is called, and counts the same; topics hold those of version 1 that were published as such.
 */
const types: ReadonlySet<string> = new Set(['annals.StepCompleted.v1', 'annals.StepCompleted.v2', 'annals.RunEnded.v1', 'annals.TitleCallEnded.v1']);

const Call = z.object({
  model: z.string().default('unknown'),
  usage: z.object({ inputTokens: z.number().default(0), outputTokens: z.number().default(0) }).optional(),
});

/** What the message tells of tokens, if anything. */
export function spentIn({ key, headers = {}, value }: KafkaMessage): Spent | undefined {
  if (!types.has(String(headers.ce_type))) return undefined;
  const { model, usage } = Call.parse(JSON.parse(String(value)));
  if (!usage) return undefined;
  return { stream: String(key), revision: Number(headers.annals_revision), day: String(headers.ce_time).slice(0, 10), model, ...usage };
}
