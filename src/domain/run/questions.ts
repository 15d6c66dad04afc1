import { type Refusal, refuse } from '../decider.ts';
import type { NewEvent } from '../event.ts';
import type { ConversationId, MessageId, PersonId, RunId } from '../ids.ts';
import type { Question } from '../mcp/question.ts';
import { ToolInputAnswered, ToolInputRequested } from './question-events.ts';
import type { OpenCall, Run } from './state.ts';

interface Target {
  conversationId: ConversationId;
  runId: RunId;
  messageId: MessageId;
}
export interface RequestedInput {
  toolCallId: string;
  toolName: string;
  askedOf: PersonId;
  resumable: boolean;
  expiresAt: string;
  questions: Question[];
  state: string;
}
export type QuestionCommand =
  | (Target & { epoch: number; name: 'requestToolInput'; requests: RequestedInput[] })
  | (Target & { name: 'answerToolInput'; inputId: string; answers: Record<string, { action: 'accept' | 'decline' | 'cancel' }> });

/** Waits for an answer before anybody goes on with the run. */
export const awaitsInput = ({ input: open }: OpenCall): boolean => open?.resumable === true && open.answered !== true;

export function decideQuestion(
  command: QuestionCommand,
  run: Run,
  { newId, now }: { newId: (prefix: string) => string; now: string },
): readonly NewEvent[] | Refusal {
  const { conversationId, runId, messageId } = command;
  const of = { conversationId, runId, messageId };
  if (command.name === 'requestToolInput')
    return command.requests.flatMap((request) => {
      const call = run.calls.get(request.toolCallId);
      const isOpen = call?.input !== undefined && call.input.answered !== true;
      return !call || call.ended || isOpen ? [] : [ToolInputRequested({ ...of, inputId: newId('input_'), ...request })];
    });
  const found = [...run.calls].find(([, call]) => call.input?.inputId === command.inputId);
  if (!found || run.status === 'absent') return refuse('QuestionNotFound', 'There is no such question in this run, or none any more.');
  const [toolCallId, call] = found;
  if (run.status === 'ended') return refuse('RunEnded', 'This run has ended: it asks nothing any more.', { outcome: run.outcome ?? null });
  if (call.input?.answered) return refuse('QuestionAnswered', 'This question has been answered already.');
  if (call.ended) return refuse('QuestionOver', 'The tool does not wait for this any more.');
  if (call.input !== undefined && now >= call.input.expiresAt)
    return refuse('QuestionExpired', 'Nobody answered this in time: ask the model again.', { expiredAt: call.input.expiresAt });
  const accepted = Object.values(command.answers).every(({ action }) => action === 'accept');
  return [ToolInputAnswered({ ...of, toolCallId, inputId: command.inputId, accepted, answers: JSON.stringify(command.answers) })];
}
