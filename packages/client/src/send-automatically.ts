import { isToolUIPart, lastAssistantMessageIsCompleteWithApprovalResponses, lastAssistantMessageIsCompleteWithToolCalls, type UIMessage } from 'ai';

/**
 * Whether the chat goes on by itself: every approval asked for was answered, or every tool that runs in the browser gave its output.
 * Tools of the server (dynamic parts) never start a request: the server goes on with them on its own.
 */
export function sendAutomaticallyWhen({ messages }: { messages: UIMessage[] }): boolean {
  if (lastAssistantMessageIsCompleteWithApprovalResponses({ messages })) return true;
  return ranInBrowser(messages.at(-1)) && lastAssistantMessageIsCompleteWithToolCalls({ messages });
}

function ranInBrowser(message: UIMessage | undefined): boolean {
  const parts = message?.parts ?? [];
  const step = parts.slice(parts.findLastIndex((part) => part.type === 'step-start') + 1);
  return step.some((part) => isToolUIPart(part) && part.type !== 'dynamic-tool' && !part.providerExecuted);
}
