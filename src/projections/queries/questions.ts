import { z } from 'zod';
import { isUnopened } from '../../domain/event.ts';
import { Question } from '../../domain/mcp/question.ts';
import { query } from '../query.ts';
import { questions } from '../views/questions.ts';
import { ownerFilter } from './owned.ts';
import { pageFields, pageOptions } from './page.ts';
import { anyPerson } from './policy.ts';

/** What a tool wants to know of somebody. */
export interface QuestionInfo {
  readonly inputId: string;
  readonly conversationId: string;
  readonly runId: string;
  readonly toolCallId: string;
  readonly toolName: string;
  readonly questions: readonly Question[];
  readonly askedAt: string;
  readonly expiresAt: string;
}

const Asked = z.looseObject({ toolName: z.string().optional(), questions: z.array(Question) });

/** What one is asked oneself, the oldest first. */
export const listQuestions = query('listQuestions', {
  input: z.object(pageFields(100)),
  policy: anyPerson,
  views: [questions],
  run: async (page, { principal, views, openDeep }) => {
    const options = { sort: [['askedAt', 'asc'] as const], ...pageOptions(page, 50) };
    const { documents, next } = await views.find(questions, { askedOf: ownerFilter(principal) }, options);
    const opened = await openDeep(documents.map(({ doc }) => doc.inputs.map(({ asked }) => asked)));
    const found = documents.flatMap(({ doc: { conversationId, runId, inputs } }, at) =>
      inputs.flatMap(({ asked: _, ...input }, index): QuestionInfo[] => {
        const asked: unknown = opened[at]?.[index];
        if (isUnopened(asked)) return [];
        const { toolName = input.toolName ?? '', questions } = Asked.parse(asked);
        return [{ ...input, toolName, conversationId, runId, questions }];
      }),
    );
    return { questions: found, ...(next === undefined ? {} : { next }) };
  },
});
