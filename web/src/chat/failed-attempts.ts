import { useAui, useAuiEvent } from '@assistant-ui/react';

const isFailedAttempt = (id: string) => id.startsWith('__error__');

/**
 * assistant-ui keeps every request that failed before its first word as an empty version of the answer.
 * Once an answer came they are dropped, so that the versions counted are the ones that can be read.
 */
export function useForgetFailedAttempts(): void {
  const aui = useAui();
  useAuiEvent('thread.runEnd', () => {
    const { headId, messages } = aui.thread.export();
    const kept = messages.filter(({ message }) => !isFailedAttempt(message.id));
    if (headId && !isFailedAttempt(headId) && kept.length < messages.length) aui.thread.import({ headId, messages: kept });
  });
}
