import { z } from 'zod';
import { answerToolInput } from '../../commands/run.ts';
import { RunId } from '../../domain/ids.ts';
import { Question, QuestionAnswer } from '../../domain/mcp/question.ts';
import { listQuestions } from '../../projections/queries/questions.ts';
import { asks } from '../http/asks.ts';
import { type RouteDefinition, route, routes } from '../http/route.ts';
import { commandErrors } from '../http/tells.ts';
import { tellRun } from './runs.ts';
import { Done } from './schemas.ts';

const tags = ['Runs'];
const Time = z.string().meta({ format: 'date-time' });
const Asked = z.object({
  inputId: z.string(),
  conversationId: z.string(),
  runId: z.string(),
  toolCallId: z.string(),
  toolName: z.string(),
  questions: z.array(Question),
  askedAt: Time,
  expiresAt: Time,
});

const answer = route({
  method: 'POST',
  path: '/api/runs/{runId}/questions/{inputId}',
  summary: 'Answer what a tool wants to know',
  description:
    'By the key of each question: `accept`, with the content of the form where it is one, `decline` or `cancel`. What is answered goes to the server that asked, and is shown to nobody else.',
  tags,
  params: z.object({ runId: RunId, inputId: z.string().max(255) }),
  body: z.object({ answers: z.record(z.string(), QuestionAnswer) }),
  responses: { 200: { description: 'Done, and stored.', schema: Done }, ...commandErrors },
  handle: (request) => {
    const { runId, inputId } = request.params;
    return tellRun(request, runId, (target) => answerToolInput({ ...target, inputId, answers: request.body.answers }));
  },
});

export const questionRoutes: readonly RouteDefinition[] = [
  ...routes({
    'GET /api/questions': asks(listQuestions, {
      summary: 'What tools want to know of one before their answers go on',
      tags,
      result: z.object({ questions: z.array(Asked), next: z.string().optional() }),
    }),
  }),
  answer,
];
