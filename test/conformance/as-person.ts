import { setTimeout as sleep } from 'node:timers/promises';
import { answerToolInput } from '../../src/commands/run.ts';
import type { Json } from '../../src/domain/event.ts';
import type { Question } from '../../src/domain/mcp/question.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { listQuestions, type QuestionInfo } from '../../src/projections/queries/questions.ts';
import { getRun } from '../../src/projections/queries/runs.ts';
import type { Installation } from '../harness/memory-annals.ts';

/** As the suite's metadata document says. Nobody listens there: the redirect is read, and not followed. */
const BASE = 'https://conformance-test.local';
const LOOK_EVERY_MS = 50;

/** Logs in at a server of tools, as a person does it in a browser. Throws when it leads nowhere. */
export async function logIn({ kernel }: Installation, who: Principal, serverId: string): Promise<void> {
  const begun = await kernel.toolServers.logins.begin(who, serverId, BASE);
  if (!begun.ok) throw new Error(begun.error.message);
  const redirect = await fetch(begun.location, { redirect: 'manual' });
  const { state = '', ...answer } = Object.fromEntries(new URL(redirect.headers.get('location') ?? '', begun.location).searchParams);
  const finished = await kernel.toolServers.logins.finish(who, { state, ...answer });
  if (!finished.ok) throw new Error(finished.error.message);
}

function usualAnswer(question: Question): object {
  if (question.mode === 'url') return { action: 'accept' };
  const content = question.fields.map(({ name, type, options = [], default: proposed }) => {
    const first = options[0]?.value ?? 'text';
    const values: Record<string, Json> = { string: 'text', number: 5, integer: 5, boolean: true, choice: first, choices: [first] };
    return [name, proposed ?? values[type] ?? null] as const;
  });
  return { action: 'accept', content: Object.fromEntries(content) };
}

async function answer({ kernel }: Installation, who: Principal, { inputId, conversationId, runId, questions }: QuestionInfo): Promise<void> {
  const run = await kernel.ask(who, getRun({ runId: runId as never }));
  const { messageId } = (run.ok ? run.data : {}) as { messageId?: string };
  const answers = Object.fromEntries(questions.map((question) => [question.key, usualAnswer(question)]));
  await kernel.tell(who, answerToolInput({ conversationId, runId, messageId, inputId, answers } as never));
}

/** Answers what tools ask with what they propose, until the work is done. */
export async function answering(installation: Installation, who: Principal, work: () => Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const looking = (async () => {
    while (!done.signal.aborted) {
      const asked = await installation.kernel.ask(who, listQuestions({}));
      for (const question of asked.ok ? asked.data.questions : []) await answer(installation, who, question);
      await sleep(LOOK_EVERY_MS, undefined, { signal: done.signal }).catch(() => undefined);
    }
  })();
  await work().finally(() => done.abort());
  await looking;
}
