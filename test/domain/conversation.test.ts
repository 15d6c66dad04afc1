import { describe, expect, test } from 'vitest';
import * as commands from '../../src/commands/conversation.ts';
import * as happened from '../../src/domain/conversation/events.ts';
import { branchOf, conversations, lastReplyTo, resolveMessage } from '../../src/domain/conversation/index.ts';
import { fold } from '../../src/domain/decider.ts';
import type { NewEvent } from '../../src/domain/event.ts';
import type { ConversationId, FileId, MessageId, RunId } from '../../src/domain/ids.ts';
import { given, recordedEvents } from '../harness/given.ts';

const conversationId = 'thread_1' as ConversationId;
const [m1, m2, a1] = ['msg_1', 'msg_2', 'msg_a1'] as MessageId[] as [MessageId, MessageId, MessageId];
const run = 'run_1' as RunId;
const parts = [{ type: 'text' as const, text: 'Hello' }];
const begun = happened.ConversationStarted({ conversationId, titled: false });
const sent = (messageId: MessageId, parentId: MessageId | null, height: number, alias?: string) =>
  happened.MessageSent({ conversationId, messageId, parentId, height, role: 'user', fileIds: [], parts, alias });
const asked = happened.ReplyRequested({ conversationId, runId: run, messageId: a1, parentId: m1, height: 1 });
const settled = (outcome: 'completed' | 'failed' | 'cancelled' | 'interrupted' | 'expired') =>
  happened.ReplySettled({ conversationId, runId: run, outcome });
const thread = (...more: NewEvent[]) => given(conversations, [begun, ...more]);
const say = (options: Partial<Parameters<typeof commands.sendMessage>[0]> = {}) =>
  commands.sendMessage({ conversationId, parts, reply: false, onActive: 'refuse', ...options });

describe('a message', () => {
  test('goes after the one shown last', () =>
    thread(sent(m1, null, 0))
      .when(say())
      .then([
        happened.MessageSent({ conversationId, messageId: 'msg_new0' as MessageId, parentId: m1, height: 1, role: 'user', fileIds: [], parts }),
      ]));
  test('may begin another branch', () =>
    thread(sent(m1, null, 0))
      .when(say({ parentId: null }))
      .thenTypes('MessageSent'));
  test('may go after a message by the client’s own name for it', () =>
    thread(sent(m1, null, 0, 'mine'))
      .when(say({ parentId: 'mine' }))
      .thenTypes('MessageSent'));
  test('after an unknown one is refused', () =>
    thread()
      .when(say({ parentId: 'msg_none' }))
      .refused('MessageNotFound'));
  test('names its files', () =>
    thread()
      .when(say({ parts: [{ type: 'file', mediaType: 'text/plain', fileId: 'file-1' as FileId }] }))
      .then([
        happened.MessageSent({
          conversationId,
          messageId: 'msg_new0' as MessageId,
          parentId: null,
          height: 0,
          role: 'user',
          fileIds: ['file-1' as FileId],
          parts: [{ type: 'file', mediaType: 'text/plain', fileId: 'file-1' as FileId }],
        }),
      ]));
  test('that asks for an answer reserves its place', () =>
    thread()
      .when(say({ reply: true }))
      .thenTypes('MessageSent', 'ReplyRequested'));
  test('that asks for an answer is refused while one is written', () =>
    thread(sent(m1, null, 0), asked)
      .when(say({ reply: true }))
      .refused('RunActive'));
  test('that asks for none goes in while one is written', () =>
    thread(sent(m1, null, 0), asked)
      .when(say())
      .thenTypes('MessageSent'));
});

describe('a message whose name is known', () => {
  const known = (...more: NewEvent[]) => thread(sent(m1, null, 0, 'mine'), ...more);
  test('is not sent again', () =>
    known()
      .when(say({ alias: 'mine' }))
      .refused('AlreadySent'));
  test('is not asked again while it is being answered', () =>
    known(asked)
      .when(say({ alias: 'mine', reply: true }))
      .refused('AlreadySent'));
  test('is not asked again when it was answered', () =>
    known(asked, settled('completed'))
      .when(say({ alias: 'mine', reply: true }))
      .refused('AlreadySent'));
  test.each(['failed', 'cancelled', 'interrupted', 'expired'] as const)('is asked again when its answer came to be %s', (outcome) =>
    known(asked, settled(outcome))
      .when(say({ alias: 'mine', reply: true }))
      .thenTypes('ReplyRequested'),
  );
  test('is not adopted twice', () =>
    thread(sent(m1, null, 0), happened.MessageAdopted({ conversationId, messageId: m1 }))
      .when(commands.adoptMessage({ conversationId, messageId: m1 }))
      .then([]));
});

describe('another answer', () => {
  test('is asked for after any message', () =>
    thread(sent(m1, null, 0), asked, settled('completed'))
      .when(commands.requestReply({ conversationId, parentId: m1, onActive: 'stop' }))
      .thenTypes('ReplyRequested'));
  test('is refused while one is written', () =>
    thread(sent(m1, null, 0), asked)
      .when(commands.requestReply({ conversationId, parentId: m1, onActive: 'stop' }))
      .refused('RunActive'));
  test('is settled once', () =>
    thread(sent(m1, null, 0), asked, settled('completed'))
      .when(commands.settleReply({ conversationId, runId: run, outcome: 'completed' }))
      .then([]));
  test('of no such run cannot be settled', () =>
    thread()
      .when(commands.settleReply({ conversationId, runId: run, outcome: 'completed' }))
      .refused('NotFound'));
  test('is not replaced', () =>
    thread(sent(m1, null, 0), asked)
      .when(commands.replaceMessageContent({ conversationId, messageId: a1, parts }))
      .refused('MessageOwnedByRun'));
});

describe('a thread', () => {
  test('that is trashed takes no writing', () => thread(happened.ConversationTrashed({})).when(say()).refused('ThreadTrashed'));
  test('that is trashed can be restored', () =>
    thread(happened.ConversationTrashed({})).when(commands.restoreConversation({ conversationId })).thenTypes('ConversationRestored'));
  const deleted = happened.ConversationDeleted({ conversationId, fileIds: [] });
  test('that is deleted is not there', () => thread(deleted).when(say()).refused('NotFound'));
  test('that is deleted still takes the end of its run', () =>
    thread(sent(m1, null, 0), asked, deleted)
      .when(commands.settleReply({ conversationId, runId: run, outcome: 'cancelled' }))
      .then([settled('cancelled')]));
  test('is deleted with the files sent in it', () =>
    thread(happened.MessageSent({ conversationId, messageId: m1, parentId: null, height: 0, role: 'user', fileIds: ['file-1' as FileId], parts }))
      .when(commands.deleteConversation({ conversationId }))
      .then([happened.ConversationDeleted({ conversationId, fileIds: ['file-1' as FileId] })]));
  test('keeps a person’s title', () =>
    thread(happened.ConversationRenamed({ title: 'Mine' }))
      .when(commands.titleConversation({ conversationId, title: 'Theirs' }))
      .then([]));
  test('is archived once', () => thread(happened.ConversationArchived({})).when(commands.archiveConversation({ conversationId })).then([]));
  test('that never was takes nothing', () =>
    given(conversations, [])
      .when(commands.renameConversation({ conversationId, title: 'x' }))
      .refused('NotFound'));
});

test('a branch leads from the root to its message, past the other branches', () => {
  const state = fold(conversations, recordedEvents([begun, sent(m1, null, 0, 'mine'), asked, settled('failed'), sent(m2, m1, 1)]) as never);
  expect(branchOf(state, m2).map(({ id }) => id)).toEqual([m1, m2]);
  expect(branchOf(state, null)).toEqual([]);
  expect(resolveMessage(state, 'mine')?.id).toBe(m1);
  expect(lastReplyTo(state, m1)).toMatchObject({ runId: run, outcome: 'failed' });
  expect(state).toMatchObject({ leaf: m2, status: 'active' });
});

test('a message that was replaced says so, and where its text is', () => {
  const state = fold(
    conversations,
    recordedEvents([begun, sent(m1, null, 0), happened.MessageContentReplaced({ conversationId, messageId: m1, parts })]) as never,
  );
  expect(state.nodes.get(m1)).toMatchObject({ replaced: true, revision: 2n });
});
