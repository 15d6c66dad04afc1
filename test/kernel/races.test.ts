import { expect, test } from 'vitest';
import { deleteConversation, renameConversation, sendMessage } from '../../src/commands/conversation.ts';
import { claimAnonymous } from '../../src/commands/person.ts';
import { answerApproval } from '../../src/commands/run.ts';
import { conversationStream } from '../../src/domain/conversation/index.ts';
import { runStream } from '../../src/domain/run/index.ts';
import { listApprovals } from '../../src/projections/queries/approvals.ts';
import { askFor, eventsOf, settled, startThread, typesOf } from '../harness/chat.ts';
import { installations } from '../harness/installations.ts';
import { person } from '../harness/memory-annals.ts';
import { until } from '../harness/until.ts';

const start = installations();
const ada = person('ada');
const FIFTY = Array.from({ length: 50 }, (_, index) => index);

test('A72: of fifty who answer one approval at once, some with yes and some with no, one has answered, and the tool ran once or never', async () => {
  const { kernel, disk } = await start();
  const asked = await askFor(kernel, ada, '/call postcard {"to":"Bob"}');
  let approvalId = '';
  await until(async () => {
    const found = await kernel.ask(ada, listApprovals({}));
    approvalId = (found.ok && found.data.approvals[0]?.approvalId) || '';
    return approvalId !== '';
  });
  const { conversationId, runId, messageId } = asked;
  const told = await Promise.all(
    FIFTY.map((index) => kernel.tell<unknown>(ada, answerApproval({ conversationId, runId, messageId, approvalId, approved: index % 2 === 0 }))),
  );
  await settled(kernel, asked);
  const events = await eventsOf(disk, runStream(runId));
  const answers = events.filter(({ type }) => type === 'ApprovalAnswered');
  expect(answers).toHaveLength(1);
  expect(told.filter(({ ok }) => ok).length).toBeGreaterThan(0);
  const approved = answers[0]?.data.approved === true;
  expect(events.filter(({ type }) => type === 'ToolCallStarted')).toHaveLength(approved ? 1 : 0);
  expect(events.filter(({ type }) => type === 'RunEnded')).toHaveLength(1);
});

test('A72: once a thread is deleted nothing is written into it, whoever was writing at that moment', async () => {
  const { kernel, disk } = await start({ workers: false });
  const conversationId = await startThread(kernel, ada);
  const told = await Promise.all(
    FIFTY.map((index) =>
      index === 25
        ? kernel.tell<unknown>(ada, deleteConversation({ conversationId }))
        : index % 2 === 0
          ? kernel.tell<unknown>(ada, renameConversation({ conversationId, title: `t${index}` }))
          : kernel.tell<unknown>(ada, sendMessage({ conversationId, parts: [{ type: 'text', text: 'x' }], reply: false, onActive: 'refuse' })),
    ),
  );
  expect(told[25]).toMatchObject({ ok: true });
  const types = await typesOf(disk, conversationStream(conversationId));
  expect(types.at(-1)).toBe('ConversationDeleted');
  expect(types.filter((type) => type === 'ConversationDeleted')).toHaveLength(1);
});

test('A72: of fifty who take over one visitor at once one has its threads', async () => {
  const { kernel } = await start({ workers: false });
  const visitor = person('visitor', 'anonymous');
  await startThread(kernel, visitor);
  const comers = FIFTY.map((index) => person(`comer-${index}`));
  const told = await Promise.all(comers.map((who) => kernel.tell(who, claimAnonymous({ anonymous: visitor.id, by: who.id }))));
  expect(told.filter(({ ok }) => ok)).toHaveLength(1);
});
