import { afterEach, expect, test } from 'vitest';
import { setMcpToolPolicy } from '../../../src/commands/mcp.ts';
import { answerToolInput } from '../../../src/commands/run.ts';
import type { ToolPart } from '../../../src/domain/message.ts';
import { listQuestions, type QuestionInfo } from '../../../src/projections/queries/questions.ts';
import { type AskingMcp, startNewAsking, startOldAsking } from '../../harness/asking-mcp.ts';
import { askFor, eventsOf, runOf, settled, typesOf } from '../../harness/chat.ts';
import { installations } from '../../harness/installations.ts';
import { httpServer, listed } from '../../harness/mcp-servers.ts';
import { type Installation, person, readRun } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';

const ada = person('ada');
const bob = person('bob');
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});
const started = installations();
const asking = async (start: () => Promise<AskingMcp>): Promise<AskingMcp> => {
  const server = await start();
  closing.push(() => server.stop());
  return server;
};
const register = async (installation: Installation, { url }: AskingMcp): Promise<void> => {
  const { kernel } = installation;
  const told = await kernel.tell(ada, httpServer('seats', url));
  if (!told.ok) throw new Error(told.error.message);
  await listed(installation, told.result.serverId);
  await kernel.tell(ada, setMcpToolPolicy({ serverId: told.result.serverId, tool: 'book', policy: 'allow' }));
};
const questionsOf = async ({ kernel }: Installation): Promise<readonly QuestionInfo[]> => {
  const asked = await kernel.ask(ada, listQuestions({}));
  return asked.ok ? asked.data.questions : [];
};
const asked = async (installation: Installation): Promise<QuestionInfo> => {
  await until(async () => (await questionsOf(installation)).length === 1);
  const [question] = await questionsOf(installation);
  if (!question) throw new Error('nothing is asked');
  return question;
};
type Run = { conversationId: string; runId: string; messageId: string };
const answer = ({ kernel }: Installation, run: Run, { inputId, questions }: QuestionInfo, content: object | undefined, who = ada) => {
  const given = { action: content ? ('accept' as const) : ('decline' as const), ...(content ? { content: content as never } : {}) };
  return kernel.tell(who, answerToolInput({ ...(run as never as object), inputId, answers: { [questions[0]?.key ?? '']: given } } as never));
};
const part = async ({ kernel }: Installation, { conversationId, runId }: Run): Promise<ToolPart | undefined> => {
  const item = (await readRun(kernel, ada, conversationId, runId)).findLast(({ type }) => type === 'tool');
  return item?.type === 'tool' ? item.part : undefined;
};
const output = { state: 'output-available', output: { content: [{ type: 'text', text: 'accept 3' }] } };

test('what a tool of the new era asks is answered after a crash, by who was asked and as it was asked, and its call is made again once', async () => {
  const server = await asking(startNewAsking);
  const before = await started();
  await register(before, server);
  const run = await askFor(before.kernel, ada, '/call seats__book {}');
  const question = await asked(before);
  expect(question.questions[0]).toMatchObject({ mode: 'form', message: 'How many seats?', fields: [{ name: 'seats', required: true }, {}] });
  expect((await runOf(before.kernel, run.runId)).status).toBe('waiting');
  before.crash();
  const after = await started({ disk: before.disk });
  expect(await asked(after)).toEqual(question);
  expect(await answer(after, run, question, { seats: 3 }, bob)).toMatchObject({ ok: false, error: { code: 'NotFound' } });
  for (const wrong of [{}, { seats: 9 }, { seats: '3' }, { seats: 3, more: 1 }, { seats: 3, password: 'x' }])
    expect(await answer(after, run, question, wrong)).toMatchObject({ ok: false, error: { code: 'AnswerInvalid' } });
  const all = await Promise.all([1, 2].map(() => answer(after, run, question, { seats: 3, password: 'hunter2!' })));
  expect(all.map(({ ok }) => ok).toSorted()).toEqual([false, true]);
  expect(await settled(after.kernel, run)).toBe('completed');
  expect(server.booked).toEqual([{ action: 'accept', content: { seats: 3, password: 'hunter2!' }, state: 'held for you' }]);
  expect(server.calls()).toBe(2);
  expect(await part(after, run)).toMatchObject(output);
  expect(await questionsOf(after)).toEqual([]);
  const written = JSON.stringify((await eventsOf(after.disk, `run-${run.runId}`)).map(({ data }) => data));
  expect(written).not.toContain('hunter2');
  expect(written).not.toContain('How many');
});

test('what a tool of the old era asks in the midst of its call is answered there, and the call goes on', async () => {
  const server = await asking(startOldAsking);
  const installation = await started();
  await register(installation, server);
  const run = await askFor(installation.kernel, ada, '/call seats__book {}');
  const question = await asked(installation);
  expect(await answer(installation, run, question, { seats: 3 })).toMatchObject({ ok: true });
  expect(await settled(installation.kernel, run)).toBe('completed');
  expect(server.booked).toMatchObject([{ action: 'accept', content: { seats: 3 } }]);
  expect(await part(installation, run)).toMatchObject(output);
  const other = await askFor(installation.kernel, ada, '/call seats__book {}');
  expect(await answer(installation, other, await asked(installation), undefined)).toMatchObject({ ok: true });
  expect(await settled(installation.kernel, other)).toBe('completed');
  expect(server.booked[1]).toMatchObject({ action: 'decline' });
  expect(server.calls()).toBe(2);
});

test('a call of the old era that asks dies with its process: what became of it is unknown, and nothing is asked any more', async () => {
  const server = await asking(startOldAsking);
  const before = await started();
  await register(before, server);
  const run = await askFor(before.kernel, ada, '/call seats__book {}');
  const question = await asked(before);
  before.crash();
  const after = await started({ disk: before.disk });
  expect(await settled(after.kernel, run)).toBe('completed');
  expect(await part(after, run)).toMatchObject({ state: 'output-error', errorText: expect.stringContaining('unknown') });
  expect(await answer(after, run, question, { seats: 3 })).toMatchObject({ ok: false });
  expect(await questionsOf(after)).toEqual([]);
  expect(server.booked).toEqual([]);
});

test('a question that nobody answers in time ends its run, and is answered no more', async () => {
  const server = await asking(startNewAsking);
  const installation = await started({ approvalMs: 60_000 });
  await register(installation, server);
  const run = await askFor(installation.kernel, ada, '/call seats__book {}');
  const question = await asked(installation);
  installation.clock.now = new Date(installation.clock.now.getTime() + 60_001);
  expect(await answer(installation, run, question, { seats: 3 })).toMatchObject({ ok: false, error: { code: 'QuestionExpired' } });
  await installation.kernel.sweep();
  expect(await settled(installation.kernel, run)).toBe('expired');
  await until(async () => (await questionsOf(installation)).length === 0);
  expect(await typesOf(installation.disk, `run-${run.runId}`)).not.toContain('ToolInputAnswered');
});
