import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as said from '../../src/domain/conversation/events.ts';
import { type Conversation, type ConversationCommand, conversations } from '../../src/domain/conversation/index.ts';
import { type AnyDecider, isRefusal } from '../../src/domain/decider.ts';
import type { NewEvent } from '../../src/domain/event.ts';
import { files } from '../../src/domain/file.ts';
import { eventDefinitions } from '../../src/domain/index.ts';
import { persons } from '../../src/domain/person.ts';
import { reactions } from '../../src/domain/reaction.ts';
import * as ran from '../../src/domain/run/events.ts';
import { type Run, type RunCommand, runs } from '../../src/domain/run/index.ts';
import { titles } from '../../src/domain/title.ts';
import { recordedEvents } from '../harness/given.ts';

const pick = <const Value>(...values: Value[]) => fc.constantFrom(...values);
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const conversationId = 'thread_1' as never;
const message = pick('msg_c0n0', 'msg_c1n0', 'msg_c2n1', 'msg_c4n2', 'mine', 'yours') as fc.Arbitrary<never>;
const run = pick('run_c1n1', 'run_c2n1', 'run_c3n0', 'run_c4n1') as fc.Arbitrary<never>;
const outcome = pick('completed', 'failed', 'cancelled', 'interrupted', 'expired');
const parts = fc.constant([{ type: 'text' as const, text: 'x' }]);
const bool = fc.boolean();

const settingNames = [
  'renameConversation',
  'archiveConversation',
  'unarchiveConversation',
  'trashConversation',
  'restoreConversation',
  'deleteConversation',
  'titleConversation',
] as const;
const target = { conversationId };
const simple: fc.Arbitrary<ConversationCommand> = fc.record({
  name: pick(...settingNames),
  conversationId: fc.constant(conversationId),
  title: fc.constant('Title'),
}) as fc.Arbitrary<never>;
const settling: fc.Arbitrary<ConversationCommand> = fc.oneof(
  simple,
  fc.record({ name: fc.constant('settleReply' as const), runId: run, outcome }).map((rest) => ({ ...target, ...rest })),
  fc.record({ name: fc.constant('chooseBranch' as const), messageId: message }).map((rest) => ({ ...target, ...rest })),
  fc
    .record({ name: fc.constant('adoptMessage' as const), messageId: message, alias: maybe(pick('mine', 'yours')) })
    .map((rest) => ({ ...target, ...rest })),
) as fc.Arbitrary<ConversationCommand>;
const conversationCommand: fc.Arbitrary<ConversationCommand> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({ name: fc.constant('sendMessage'), parts, alias: maybe(pick('mine', 'yours')), parentId: maybe(fc.option(message)), reply: bool })
      .map((rest) => ({ ...target, ...rest })) as fc.Arbitrary<never>,
  },
  {
    weight: 2,
    arbitrary: fc.record({ name: fc.constant('requestReply'), parentId: message }).map((rest) => ({ ...target, ...rest })) as fc.Arbitrary<never>,
  },
  { weight: 3, arbitrary: settling },
  fc
    .record({
      name: fc.constant('appendMessage'),
      role: pick('user', 'assistant', 'system'),
      parts,
      parentId: fc.option(message),
      alias: maybe(pick('mine')),
    })
    .map((rest) => ({ ...target, ...rest })) as fc.Arbitrary<never>,
  fc.record({ name: fc.constant('replaceMessageContent'), messageId: message, parts }).map((rest) => ({ ...target, ...rest })) as fc.Arbitrary<never>,
  fc
    .record({ name: fc.constant('giveFeedback'), messageId: message, rating: pick('positive', 'negative') })
    .map((rest) => ({ ...target, ...rest })) as fc.Arbitrary<never>,
);

const of = { conversationId, runId: 'run_1' as never, messageId: 'msg_1' as never };
const calls = fc.uniqueArray(
  fc.record({ toolCallId: pick('c1', 'c2'), toolName: fc.constant('bell'), needs: pick('server', 'approval', 'client') }),
  { selector: ({ toolCallId }) => toolCallId, maxLength: 2 },
);
const epoch = fc.integer({ min: 1, max: 3 });
const runCommand = fc
  .oneof(
    fc.constant({ name: 'startRun', model: 'm' }),
    fc.record({ name: pick('retryModelCall', 'startStep'), epoch, model: fc.constant('m') }),
    fc.record({ name: fc.constant('completeStep'), epoch, model: fc.constant('m'), calls, parts }),
    fc.record({ name: pick('startToolCall', 'resumeRun'), epoch, toolCallId: pick('c1', 'c2') }),
    fc.record({ name: fc.constant('endToolCall'), epoch, toolCallId: pick('c1', 'c2'), result: pick('output', 'error', 'denied', 'unknown') }),
    fc.record({ name: fc.constant('endRun'), epoch, outcome, finishReason: fc.constant('stop'), parts }),
    fc.record({ name: pick('stopRun', 'expireRun') }),
    fc.record({ name: fc.constant('answerApproval'), approvalId: pick('approval_c1n0', 'approval_c2n0', 'approval_c3n0'), approved: bool }),
    fc.record({ name: fc.constant('provideToolOutput'), toolCallId: pick('c1', 'c2') }),
  )
  .map((rest) => ({ ...of, ...rest })) as fc.Arbitrary<RunCommand>;

/** Tells the commands one after the other, as a stream would; `after` sees every state, with what was decided last. */
function play<State, Command>(
  decider: AnyDecider<State>,
  first: readonly NewEvent[],
  commands: readonly Command[],
  after: (state: State, command: Command, decided: readonly NewEvent[]) => void,
): readonly NewEvent[] {
  const events = [...first];
  const fold = (): State => recordedEvents(events).reduce((state, event) => decider.evolve(state, event), decider.initialState());
  commands.forEach((command, index) => {
    let ids = 0;
    const decided = decider.decide(command, fold(), {
      now: '2026-01-01T00:00:00.000Z',
      newId: (prefix) => `${prefix}c${index}n${ids++}`,
      actor: 'a',
      stream: 'law',
      tag: (text) => text,
    });
    const news = isRefusal(decided) ? [] : decided;
    events.push(...news);
    after(fold(), command, news);
  });
  return events;
}
const begun = said.ConversationStarted({ conversationId, titled: false });
const some = <Value>(value: fc.Arbitrary<Value>) => fc.array(value, { maxLength: 12, size: 'max' });

describe('a thread, whatever it is told', () => {
  test('has at most one unsettled run, and knows which', () => {
    fc.assert(
      fc.property(some(conversationCommand), (commands) => {
        play<Conversation, ConversationCommand>(conversations, [begun], commands, (state) => {
          const unsettled = [...state.runs].filter(([, { outcome: ended }]) => ended === undefined).map(([id]) => id);
          expect(unsettled).toEqual(state.active === undefined ? [] : [state.active]);
        });
      }),
      { numRuns: 300 },
    );
  });

  test('is a tree: every message goes after one that is there, one level up', () => {
    fc.assert(
      fc.property(some(conversationCommand), (commands) => {
        play<Conversation, ConversationCommand>(conversations, [begun], commands, ({ nodes, leaf }) => {
          for (const { parentId, height } of nodes.values())
            expect(height).toBe(parentId === null ? 0 : (nodes.get(parentId)?.height ?? Number.NaN) + 1);
          if (leaf !== null) expect(nodes.has(leaf)).toBe(true);
        });
      }),
      { numRuns: 200 },
    );
  });

  test('is the same after a command that only sets something was told twice', () => {
    fc.assert(
      fc.property(some(conversationCommand), settling, (commands, command) => {
        const states: Conversation[] = [];
        play<Conversation, ConversationCommand>(conversations, [begun], [...commands, command, command], (state) => states.push(state));
        expect(states.at(-1)).toEqual(states.at(-2));
      }),
      { numRuns: 300 },
    );
  });
});

describe('a run, whatever it is told', () => {
  test('ends at most once, and nothing but a repeat comes after', () => {
    fc.assert(
      fc.property(some(runCommand), (commands) => {
        const events = play<Run, RunCommand>(runs, [], commands, () => undefined);
        const end = events.findIndex(({ type }) => type === 'RunEnded');
        if (end >= 0) expect(events.slice(end + 1)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('never goes back to an older epoch or segment, and waits only for what is asked', () => {
    fc.assert(
      fc.property(some(runCommand), (commands) => {
        let last = { epoch: 0, segment: 0 };
        play<Run, RunCommand>(runs, [], commands, (state) => {
          expect(state.epoch).toBeGreaterThanOrEqual(last.epoch);
          expect(state.segment).toBeGreaterThanOrEqual(last.segment);
          last = { epoch: state.epoch, segment: state.segment };
          if (state.status === 'waiting') expect(state.paused).toBe(true);
        });
      }),
      { numRuns: 300 },
    );
  });
});

test('a fold takes any events of its stream in any order', () => {
  const m = pick('msg_1', 'msg_2') as fc.Arbitrary<never>;
  const r = pick('run_1', 'run_2') as fc.Arbitrary<never>;
  const ofThread = fc.oneof(
    pick<NewEvent>(
      begun,
      said.ConversationRenamed({ title: 't' }),
      said.ConversationTitled({ title: 't' }),
      said.ConversationMetadataSet({ metadata: null }),
      said.ConversationArchived({}),
      said.ConversationUnarchived({}),
      said.ConversationTrashed({}),
      said.ConversationRestored({}),
      said.ConversationDeleted({ conversationId, fileIds: [] }),
      said.ConversationTouched({ lastMessageAt: '2026-01-01T00:00:00.000Z' }),
    ),
    fc
      .record({ messageId: m, parentId: fc.option(m) })
      .map((data) => said.MessageSent({ conversationId, height: 0, role: 'user', fileIds: [], parts: [], ...data })),
    fc.record({ messageId: m, runId: r, parentId: m }).map((data) => said.ReplyRequested({ conversationId, height: 1, ...data })),
    fc.record({ runId: r, outcome }).map((data) => said.ReplySettled({ conversationId, ...data })),
    fc
      .record({ messageId: m })
      .chain(({ messageId }) =>
        pick<NewEvent>(
          said.MessageAdopted({ conversationId, messageId }),
          said.BranchChosen({ conversationId, messageId }),
          said.MessageContentReplaced({ conversationId, messageId, parts: [] }),
          said.FeedbackGiven({ conversationId, messageId, rating: 'positive' }),
        ),
      ),
  );
  const model = 'm';
  const toolCallId = pick('c1', 'c2');
  const ofRun: fc.Arbitrary<NewEvent> = fc.oneof(
    pick<NewEvent>(
      ran.RunStarted({ ...of, model }),
      ran.StopRequested(of),
      ran.RunEnded({ ...of, outcome: 'failed', finishReason: 'error', parts: [] }),
    ),
    epoch.chain((at) =>
      pick<NewEvent>(ran.ModelCallStarted({ ...of, epoch: at, step: at, attempt: 1, model }), ran.RunResumed({ ...of, epoch: at, segment: at })),
    ),
    calls.map((asked) => ran.StepCompleted({ ...of, step: 0, model, calls: asked as never, parts: [] })),
    toolCallId.chain((id) =>
      pick<NewEvent>(
        ran.ToolCallStarted({ ...of, toolCallId: id, toolName: 'bell' }),
        ran.ToolCallEnded({ ...of, toolCallId: id, result: 'output', by: 'server' }),
        ran.ApprovalAnswered({ ...of, approvalId: 'a', toolCallId: id, approved: true }),
      ),
    ),
  );
  const total = <State>(decider: AnyDecider<State>, events: readonly NewEvent[]): State =>
    recordedEvents(events).reduce((state, event) => decider.evolve(state, event), decider.initialState());
  fc.assert(
    fc.property(some(ofThread), (events) => void total(conversations, events)),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(some(ofRun), (events) => void total(runs, events)),
    { numRuns: 300 },
  );
  for (const decider of [files, persons, reactions, titles] as AnyDecider<unknown>[]) expect(() => total(decider, [])).not.toThrow();
});

test('event types have names of their own', () => {
  const names = eventDefinitions.map(({ type }) => type);
  expect(new Set(names).size).toBe(names.length);
});
