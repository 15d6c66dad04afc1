import { describe, expect, test } from 'vitest';
import * as commands from '../../src/commands/run.ts';
import { fold } from '../../src/domain/decider.ts';
import type { NewEvent } from '../../src/domain/event.ts';
import type { ConversationId, MessageId, RunId } from '../../src/domain/ids.ts';
import * as happened from '../../src/domain/run/events.ts';
import { runs } from '../../src/domain/run/index.ts';
import { given, recordedEvents } from '../harness/given.ts';

const of = { conversationId: 'thread_1' as ConversationId, runId: 'run_1' as RunId, messageId: 'msg_1' as MessageId };
const model = 'demo/demo';
const begun = [happened.RunStarted({ ...of, model }), happened.ModelCallStarted({ ...of, epoch: 1, step: 0, attempt: 1, model })];
const stepped = (needs: 'server' | 'approval' | 'client') =>
  happened.StepCompleted({
    ...of,
    step: 0,
    model,
    calls: [{ toolCallId: 'call_1', toolName: 'bell', needs, ...(needs === 'approval' ? { approvalId: 'approval_1' } : {}) }],
    parts: [],
  });
const resumed = (epoch: number, segment: number) => happened.RunResumed({ ...of, epoch, segment });
const approved = happened.ApprovalAnswered({ ...of, approvalId: 'approval_1', toolCallId: 'call_1', approved: true });
const toolEnded = (by: 'server' | 'client') => happened.ToolCallEnded({ ...of, toolCallId: 'call_1', result: 'output', by });
const ended = happened.RunEnded({ ...of, outcome: 'completed', finishReason: 'stop', parts: [] });
const run = (...events: NewEvent[]) => given(runs, events);
const state = (...events: NewEvent[]) => fold(runs, recordedEvents(events) as never);
const endRun = (epoch: number) => commands.endRun({ ...of, epoch, outcome: 'completed', finishReason: 'stop', parts: [] });

describe('a run', () => {
  test('begins with its first call', () =>
    run()
      .when(commands.startRun({ ...of, model }))
      .then(begun));
  test('begins once', () =>
    run(...begun)
      .when(commands.startRun({ ...of, model }))
      .refused('Superseded'));
  test('that was stopped before it began does not begin', () =>
    run(happened.RunEnded({ ...of, outcome: 'cancelled', finishReason: 'other', parts: [] }))
      .when(commands.startRun({ ...of, model }))
      .refused('Superseded'));
  test('takes nothing from an older epoch', () =>
    run(...begun, resumed(2, 0))
      .when(endRun(1))
      .refused('Superseded'));
  test('takes nothing after its end', () =>
    run(...begun, ended)
      .when(endRun(1))
      .refused('Superseded'));
  test('taken over stays in its segment', () =>
    run(...begun)
      .when(commands.resumeRun({ ...of, epoch: 1 }))
      .then([resumed(2, 0)]));
  test('that goes on after a pause begins a segment', () =>
    run(...begun, stepped('approval'), approved)
      .when(commands.resumeRun({ ...of, epoch: 1 }))
      .then([resumed(2, 1)]));
  test('that waits for an answer is not taken up', () =>
    run(...begun, stepped('approval'))
      .when(commands.resumeRun({ ...of, epoch: 1 }))
      .refused('Superseded'));
  test('taken over again after the pause stays in its segment', () =>
    run(...begun, stepped('approval'), approved, resumed(2, 1))
      .when(commands.resumeRun({ ...of, epoch: 2 }))
      .then([resumed(3, 1)]));
});

describe('where a run stands', () => {
  test.each([
    ['absent', 'nothing', []],
    ['streaming', 'a call', begun],
    ['between', 'a step that needs nobody', [...begun, stepped('server')]],
    ['waiting', 'a step that asks', [...begun, stepped('approval')]],
    ['waiting', 'a step whose tool is the page’s', [...begun, stepped('client')]],
    ['between', 'an answer', [...begun, stepped('approval'), approved]],
    ['between', 'the page’s output', [...begun, stepped('client'), toolEnded('client')]],
    ['ended', 'its end', [...begun, ended]],
    ['ended', 'anything after its end', [...begun, stepped('approval'), ended, approved, toolEnded('server')]],
  ] as const)('is %s after %s', (status, _after, events) => expect(state(...events).status).toBe(status));

  test('is paused from the question until somebody resumes it', () => {
    expect(state(...begun, stepped('approval')).paused).toBe(true);
    expect(state(...begun, stepped('approval'), approved).paused).toBe(true);
    expect(state(...begun, stepped('approval'), approved, resumed(2, 1)).paused).toBe(false);
    expect(state(...begun, stepped('server')).paused).toBe(false);
  });
});

describe('stopping', () => {
  const stop = commands.stopRun(of);
  test('a run that streams asks its worker', () =>
    run(...begun)
      .when(stop)
      .then([happened.StopRequested(of)]));
  test('one that has not begun ends it', () => run().when(stop).thenTypes('RunEnded'));
  test('one that waits ends it', () =>
    run(...begun, stepped('approval'))
      .when(stop)
      .thenTypes('RunEnded'));
  test('twice asks once', () =>
    run(...begun, happened.StopRequested(of))
      .when(stop)
      .then([]));
  test('after the end does nothing', () =>
    run(...begun, ended)
      .when(stop)
      .then([]));
});

describe('an approval', () => {
  const answer = (yes: boolean, approvalId = 'approval_1') => commands.answerApproval({ ...of, approvalId, approved: yes });
  test('is answered', () =>
    run(...begun, stepped('approval'))
      .when(answer(true))
      .then([approved]));
  test('answered the same again changes nothing', () =>
    run(...begun, stepped('approval'), approved)
      .when(answer(true))
      .then([]));
  test('answered otherwise is refused', () =>
    run(...begun, stepped('approval'), approved)
      .when(answer(false))
      .refused('ApprovalAnswered'));
  test('that there is not is refused', () =>
    run(...begun, stepped('approval'))
      .when(answer(true, 'approval_2'))
      .refused('ApprovalNotFound'));
  test('after the end is refused with how the run ended', () =>
    run(...begun, stepped('approval'), ended)
      .when(answer(true))
      .refused('RunEnded'));
  test('expires while it waits', () =>
    run(...begun, stepped('approval'))
      .when(commands.expireRun(of))
      .thenTypes('RunEnded'));
  test('does not expire once it is answered', () =>
    run(...begun, stepped('approval'), approved)
      .when(commands.expireRun(of))
      .then([]));
});

describe('a tool of the page', () => {
  const provide = commands.provideToolOutput({ ...of, toolCallId: 'call_1', output: 1 });
  test('is answered once', () =>
    run(...begun, stepped('client'))
      .when(provide)
      .thenTypes('ToolCallEnded'));
  test('answered again changes nothing', () =>
    run(...begun, stepped('client'), toolEnded('client'))
      .when(provide)
      .then([]));
  test('is not a tool of the server', () =>
    run(...begun, stepped('server'))
      .when(provide)
      .refused('ToolCallNotFound'));
});

describe('a tool of the server', () => {
  const call = { ...of, epoch: 1, toolCallId: 'call_1' };
  test('is recorded before it is called, once', () => {
    run(...begun, stepped('server'))
      .when(commands.startToolCall(call))
      .then([happened.ToolCallStarted({ ...of, toolCallId: 'call_1', toolName: 'bell' })]);
    run(...begun, stepped('server'), happened.ToolCallStarted({ ...of, toolCallId: 'call_1', toolName: 'bell' }))
      .when(commands.startToolCall(call))
      .then([]);
  });
  test('ends once', () =>
    run(...begun, stepped('server'), toolEnded('server'))
      .when(commands.endToolCall({ ...call, result: 'unknown' }))
      .then([]));
});
