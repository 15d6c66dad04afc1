import { act, createElement, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

type Message = { readonly content: readonly { readonly type: string; readonly result?: unknown }[] };
const page = vi.hoisted(() => ({
  messages: [] as readonly Message[],
  questions: [] as readonly { readonly inputId: string; readonly conversationId: string }[],
  reads: 0,
  listeners: new Set<() => void>(),
}));
const state = () => ({ threadListItem: { remoteId: 'thread_1' }, thread: { messages: page.messages } });
vi.mock('@assistant-ui/react', () => {
  const aui = { thread: { getState: () => ({ isRunning: false }) }, threads: { reloadMainThread: async () => void page.reads++ } };
  const subscribe = (listener: () => void) => {
    page.listeners.add(listener);
    return () => page.listeners.delete(listener);
  };
  return {
    useAui: () => aui,
    useAuiState: (select: (of: ReturnType<typeof state>) => unknown) => useSyncExternalStore(subscribe, () => select(state())),
  };
});
vi.mock('../../web/src/ui/questions.tsx', () => ({ fetchQuestions: async () => page.questions, QuestionCard: () => 'What?' }));
const { Questions } = await import('../../web/src/chat/questions.tsx');

const open: Message = { content: [{ type: 'tool-call' }] };
const answered: Message = { content: [{ type: 'tool-call', result: 'done' }] };
const doing = (work: () => Promise<unknown>): Promise<void> => Promise.resolve(act(async () => void (await work())));
const shows = (messages: readonly Message[]) =>
  doing(async () => {
    page.messages = messages;
    for (const listener of page.listeners) listener();
  });
const later = (ms: number) => doing(() => vi.advanceTimersByTimeAsync(ms));

const root = createRoot(document.body.appendChild(document.createElement('div')));
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('reads the conversation again until an answered call has its result, and no more for whatever is called later', async () => {
  page.questions = [{ inputId: 'input_1', conversationId: 'thread_1' }];
  await doing(async () => root.render(createElement(Questions)));
  await shows([open]);
  await later(10);
  expect(document.body.textContent).toBe('What?');

  page.questions = [];
  await later(2500);
  expect([page.reads, document.body.textContent]).toEqual([1, '']);
  // While it is read again it is empty, and then the call is still going on.
  await shows([]);
  await later(2500);
  await shows([open]);
  await later(10);
  expect(page.reads).toBe(2);
  await shows([answered]);
  await later(5000);
  expect(page.reads).toBe(2);

  await shows([answered, open]);
  await later(10_000);
  expect(page.reads).toBe(2);
  await doing(async () => root.unmount());
});
