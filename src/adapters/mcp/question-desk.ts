import { readQuestion } from '../../domain/mcp/question.ts';
import type { McpCall, McpReply } from './port.ts';

/** The longest that a timer takes, in ms: a call that asks somebody waits longer than any other. */
export const LONGEST_MS = 2_000_000_000;

interface OpenCall {
  readonly call: McpCall;
  /** Stops the time of the call while somebody is asked. */
  readonly pause: () => () => void;
}

/** The calls of one connection that are open, and what servers of the old era ask in the midst of them. */
export interface QuestionDesk {
  /** `signal` is aborted when the call is stopped, or its own time is over: not that of whoever is asked. */
  open(call: McpCall): { readonly signal: AbortSignal; readonly isLate: () => boolean; readonly close: () => void };
  ask(params: unknown): Promise<McpReply>;
}

export function createQuestionDesk(): QuestionDesk {
  const calls = new Set<OpenCall>();
  return {
    open(call) {
      const late = new AbortController();
      let left = call.timeoutMs;
      let asking = 0;
      let since = performance.now();
      let timer = setTimeout(() => late.abort(), left);
      const pause = (): (() => void) => {
        if (asking++ === 0) {
          clearTimeout(timer);
          left -= performance.now() - since;
        }
        return () => {
          if (--asking > 0) return;
          since = performance.now();
          timer = setTimeout(() => late.abort(), Math.max(1, left));
        };
      };
      const open = { call, pause };
      calls.add(open);
      return {
        signal: AbortSignal.any([call.signal, late.signal]),
        isLate: () => late.signal.aborted && !call.signal.aborted,
        close: () => {
          calls.delete(open);
          clearTimeout(timer);
        },
      };
    },
    async ask(params) {
      // The old era does not say in which call it asks: the newest that somebody can be asked in.
      const open = [...calls].findLast(({ call }) => call.onQuestion !== undefined);
      const question = readQuestion('question', params);
      if (!open?.call.onQuestion || !question) return { action: 'cancel' };
      const resume = open.pause();
      try {
        return await open.call.onQuestion(question);
      } catch {
        return { action: 'cancel' };
      } finally {
        resume();
      }
    },
  };
}
