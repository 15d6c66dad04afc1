import { z } from 'zod';
import type { EventStore } from '../adapters/event-store/port.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import { type Refusal, refuse } from '../domain/decider.ts';
import { isUnopened, type JsonObject, type Sealed } from '../domain/event.ts';
import { Question, type QuestionAnswer, whyNoAnswer } from '../domain/mcp/question.ts';
import type { Principal } from '../domain/principal.ts';
import { runStream, ToolInputRequested } from '../domain/run/index.ts';

const Content = z.looseObject({ questions: z.array(Question) });

/** What is answered must fit what was asked, which only whoever can open the question knows. */
export const prepareAnswer =
  ({ store, sealer }: { readonly store: EventStore; readonly sealer: Sealer }) =>
  async (_principal: Principal, input: JsonObject): Promise<JsonObject | Refusal> => {
    const answers = input.answers as Record<string, QuestionAnswer>;
    for await (const { type, id, data } of store.read(runStream(String(input.runId)))) {
      if (type !== ToolInputRequested.type || data.inputId !== input.inputId) continue;
      const opened = await sealer.open(data.sealed as unknown as Sealed, id);
      if (isUnopened(opened)) return refuse('QuestionNotFound', 'This question cannot be read any more.');
      const why = whyNoAnswers(Content.parse(opened).questions, answers);
      return why === undefined ? input : refuse('AnswerInvalid', why);
    }
    // There is no such question, as whoever decides will say.
    return input;
  };

function whyNoAnswers(questions: readonly Question[], answers: Readonly<Record<string, QuestionAnswer>>): string | undefined {
  const unknown = Object.keys(answers).find((key) => !questions.some((question) => question.key === key));
  if (unknown !== undefined) return `There is no question ${unknown}.`;
  for (const question of questions) {
    const answer = answers[question.key];
    const why = answer === undefined ? `The question ${question.key} is not answered.` : whyNoAnswer(question, answer);
    if (why !== undefined) return why;
  }
  return undefined;
}
