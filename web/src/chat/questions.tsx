import { useAISDKChat } from '@assistant-ui/ai-sdk';
import { useAui, useAuiState } from '@assistant-ui/react';
import { useEffect, useState } from 'react';
import { annals } from '../annals.ts';
import { type Asked, fetchQuestions, QuestionCard } from '../ui/questions.tsx';

const LOOK_EVERY_MS = 2500;

/** What the tools of this conversation want to know. Asked for only while a call has no result yet. */
export function Questions() {
  const aui = useAui();
  const chat = useAISDKChat();
  const [asked, setAsked] = useState<readonly Asked[]>([]);
  const threadId = useAuiState((s) => s.threadListItem.remoteId);
  const isOpen = useAuiState(
    (s) => s.thread.messages.at(-1)?.content.some((part) => part.type === 'tool-call' && part.result === undefined) ?? false,
  );
  useEffect(() => {
    if (!isOpen || !threadId) return setAsked([]);
    const look = () =>
      void fetchQuestions().then(
        (all) => setAsked(all.filter(({ conversationId }) => conversationId === threadId)),
        () => undefined,
      );
    look();
    const timer = setInterval(look, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [isOpen, threadId]);

  /** A call that has ended with its question is taken up by the server: the page goes along. */
  const goOn = async () => {
    setAsked([]);
    if (aui.thread.getState().isRunning || !threadId) return;
    try {
      await annals.cloud.threads.get(threadId);
      await chat?.resumeStream();
    } catch {
      await aui.threads.reloadMainThread();
    }
  };
  return asked.map((one) => <QuestionCard key={one.inputId} asked={one} done={() => void goOn()} />);
}
