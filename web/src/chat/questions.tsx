import { useAui, useAuiState } from '@assistant-ui/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { type Asked, fetchQuestions, QuestionCard } from '../ui/questions.tsx';

const LOOK_EVERY_MS = 2500;
/** How often the conversation is read again after an answer, until the call has its result. */
const MOST_READS = 20;

/** What the tools of this conversation want to know. Asked for only while a call has no result yet. */
export function Questions() {
  const aui = useAui();
  const [asked, setAsked] = useState<readonly Asked[]>([]);
  const reads = useRef(0);
  const threadId = useAuiState((s) => s.threadListItem.remoteId);
  // While it is read again, the conversation has no messages for a moment: that alone says nothing.
  const isOpen = useAuiState((s) => s.thread.messages.at(-1)?.content.some((part) => part.type === 'tool-call' && part.result === undefined));

  const look = useCallback(async () => {
    const found = (await fetchQuestions()).filter(({ conversationId }) => conversationId === threadId);
    setAsked(found);
    // A call that had ended with its question has been taken up by the server, here or on another device: the page goes along.
    if (found.length > 0) reads.current = MOST_READS;
    else if (reads.current > 0 && !aui.thread.getState().isRunning) {
      reads.current--;
      await aui.threads.reloadMainThread();
    }
  }, [aui, threadId]);

  const forget = useCallback(() => {
    reads.current = 0;
    setAsked([]);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another conversation begins anew.
  useEffect(forget, [threadId, forget]);
  useEffect(() => {
    // The call has its result: what is asked for later is another matter.
    if (isOpen === false) return forget();
    if (isOpen === undefined || !threadId) return;
    const again = () => void look().catch(() => undefined);
    again();
    const timer = setInterval(again, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [isOpen, threadId, look, forget]);

  return asked.map((one) => <QuestionCard key={one.inputId} asked={one} done={() => void look().catch(() => undefined)} />);
}
