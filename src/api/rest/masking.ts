import { z } from 'zod';
import { changeMaskingPolicy, setConversationMasking, setMaskedWords } from '../../commands/masking.ts';
import { ConversationMasking, MaskingPolicy } from '../../domain/masking/index.ts';
import { getConversationMasking, getMaskedWords, getMaskingPolicy } from '../../projections/queries/masking.ts';
import { asks } from '../http/asks.ts';
import { type RouteDefinition, routes } from '../http/route.ts';
import { tells } from '../http/tells.ts';
import { Done } from './schemas.ts';

const tags = ['Privacy'];
const Masked = z.object({
  mode: ConversationMasking,
  runs: z.array(
    z.object({
      runId: z.string(),
      at: z.string(),
      kinds: z.record(z.string(), z.int()).describe('How many different values of each kind the prompts of the run had.'),
    }),
  ),
});

export const maskingRoutes: readonly RouteDefinition[] = routes({
  'GET /api/masking': asks(getMaskingPolicy, {
    summary: 'Whether personal data is masked in prompts before they leave',
    tags,
    result: z.object({ policy: MaskingPolicy }),
  }),
  'PUT /api/masking': tells(changeMaskingPolicy, { summary: 'Change when prompts are masked', tags, result: Done }),
  'GET /api/me/masked-words': asks(getMaskedWords, {
    summary: 'Names and words that one wants masked',
    tags,
    result: z.object({ words: z.array(z.string()) }),
  }),
  'PUT /api/me/masked-words': tells(setMaskedWords, { summary: 'Say which names and words are to be masked, all of them', tags, result: Done }),
  'GET /api/conversations/{conversationId}/masking': asks(getConversationMasking, {
    summary: 'How the prompts of a thread are masked, and what was',
    tags,
    result: Masked,
  }),
  'PUT /api/conversations/{conversationId}/masking': tells(setConversationMasking, {
    summary: 'Mask the prompts of a thread, or not',
    tags,
    result: Done,
  }),
});
