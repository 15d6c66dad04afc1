import { z } from 'zod';
import type { ModelMessage, ModelRequest, Usage } from './port.ts';

/** A number of tokens on the wire; anything that is none counts as not reported. */
export const Count = z.number().int().nonnegative().optional().catch(undefined);

/** Sums what was reported; unknown when nothing was. */
export const sum = (...counts: readonly (number | undefined)[]): number | undefined => {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : known.reduce((left, right) => left + right, 0);
};

type Figures = { readonly [Key in keyof Omit<Usage, 'estimated'>]: number | undefined };

/** Only the figures that are known, `undefined` when none is. */
export function usageOf(figures: Figures): Usage | undefined {
  const known = Object.entries(figures).filter(([, count]) => count !== undefined);
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

/** Fills in, four characters a token, the input and output figures that the provider left out, and says so in `estimated`. */
export function estimateUsage(request: Pick<ModelRequest, 'system' | 'messages' | 'tools'>, outputCharacters: number, reported: Usage = {}): Usage {
  if (reported.inputTokens !== undefined && reported.outputTokens !== undefined) return reported;
  const toolCharacters = request.tools?.length ? JSON.stringify(request.tools).length : 0;
  const inputCharacters = request.messages.reduce((total, message) => total + charactersOf(message), (request.system?.length ?? 0) + toolCharacters);
  return { inputTokens: Math.ceil(inputCharacters / 4), outputTokens: Math.ceil(outputCharacters / 4), ...reported, estimated: true };
}

function charactersOf(message: ModelMessage): number {
  if (message.role === 'tool') return JSON.stringify(message.output).length;
  return message.content.reduce((total, part) => {
    if (part.type === 'text') return total + part.text.length;
    return part.type === 'tool-call' ? total + part.toolName.length + JSON.stringify(part.input).length : total;
  }, 0);
}
