import { ThreadPrimitive, useAuiState } from '@assistant-ui/react';
import { ArrowDown } from 'lucide-react';
import { Composer } from './composer.tsx';
import { useForgetFailedAttempts } from './failed-attempts.ts';
import { AssistantMessage, EditComposer, UserMessage } from './messages.tsx';
import { Questions } from './questions.tsx';

const components = { UserMessage, AssistantMessage, UserEditComposer: EditComposer };

export function ThreadView() {
  useForgetFailedAttempts();
  const isEmpty = useAuiState((s) => s.thread.isEmpty);
  const isLoading = useAuiState((s) => s.thread.isLoading);
  return (
    <ThreadPrimitive.Root className="flex min-h-0 flex-1 flex-col">
      <ThreadPrimitive.Viewport
        className="flex min-h-0 flex-1 flex-col overflow-y-auto scroll-smooth px-4 [overflow-anchor:none]"
        role="log"
        aria-label="Conversation"
      >
        {isEmpty && !isLoading ? <Welcome /> : null}
        {isLoading ? <Loading /> : null}
        <div className="mx-auto w-full max-w-[46rem] pt-4 pb-10">
          <ThreadPrimitive.Messages components={components} />
          <Questions />
        </div>
      </ThreadPrimitive.Viewport>
      <div className="relative mx-auto w-full max-w-[48rem] flex-none px-3 pb-3">
        <ThreadPrimitive.ScrollToBottom
          aria-label="To the latest message"
          className="icon-button -top-12 -translate-x-1/2 absolute left-1/2 size-9 rounded-full border border-line bg-leaf shadow-sm disabled:invisible"
        >
          <ArrowDown size={16} />
        </ThreadPrimitive.ScrollToBottom>
        <Composer />
      </div>
    </ThreadPrimitive.Root>
  );
}

const suggestions = ['What can you do here?', 'Explain event sourcing with an everyday example', 'Help me plan a quiet weekend'];

function Welcome() {
  const hour = new Date().getHours();
  const greeting = hour < 5 ? 'Still awake?' : hour < 12 ? 'Good morning.' : hour < 18 ? 'Good afternoon.' : 'Good evening.';
  return (
    <div className="rise m-auto w-full max-w-[44rem] py-8">
      <p className="font-display text-[2.4rem] leading-tight tracking-tight">
        <span className="text-rubric">{greeting[0]}</span>
        {greeting.slice(1)}
      </p>
      <p className="mt-1 font-display text-dim text-lg">What is said here is kept, and can be proved.</p>
      <div className="mt-7 flex flex-col items-start border-line border-t">
        {suggestions.map((prompt) => (
          <ThreadPrimitive.Suggestion
            key={prompt}
            prompt={prompt}
            send
            className="group w-full border-line border-b py-2.5 text-left text-[0.95rem] text-dim hover:text-ink"
          >
            <span className="mr-2 text-rubric opacity-50 transition-opacity group-hover:opacity-100">¶</span>
            {prompt}
          </ThreadPrimitive.Suggestion>
        ))}
      </div>
    </div>
  );
}

const Loading = () => (
  <div role="status" aria-label="Loading the conversation" className="mx-auto w-full max-w-[46rem] animate-pulse space-y-3 pt-10">
    <div className="ml-auto h-10 w-2/5 rounded-2xl bg-wash" />
    <div className="h-4 w-11/12 rounded bg-wash" />
    <div className="h-4 w-4/5 rounded bg-wash" />
    <div className="h-4 w-3/5 rounded bg-wash" />
  </div>
);
