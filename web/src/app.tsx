import { useChatRuntime } from '@assistant-ui/ai-sdk';
import { type AssistantRuntime, AssistantRuntimeProvider } from '@assistant-ui/react';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { annals } from './annals.ts';
import { ThreadView } from './chat/thread.tsx';
import { Header } from './header.tsx';
import { Shortcuts } from './shortcuts.tsx';
import { Sidebar } from './threads/sidebar.tsx';
import { isNarrow, useNarrow } from './ui/media.ts';
import { currentRoute, navigate, onRouteChange, useRoute } from './ui/route.ts';
import { Toasts, toast } from './ui/toasts.tsx';

const HistoryPage = lazy(() => import('./history/history-page.tsx'));
const ConsolePage = lazy(() => import('./consoles/console-page.tsx'));

export function App() {
  const route = useRoute();
  const settled = useRef(false);
  const [listOpen, setListOpen] = useState(!isNarrow());
  const narrow = useNarrow();
  useEffect(() => setListOpen(!narrow), [narrow]);
  const runtime = useChatRuntime({
    cloud: annals.cloud,
    transport: annals.transport,
    sendAutomaticallyWhen: annals.sendAutomaticallyWhen,
    onResumeError: () => toast('The running reply could not be picked up again.'),
    onThreadIdChange: (threadId) => {
      if (settled.current) showThread(threadId);
    },
  });
  useThreadOfRoute(runtime, settled);
  useFreshList(runtime);

  const closeOnPhone = () => {
    if (narrow) setListOpen(false);
  };
  return (
    <AssistantRuntimeProvider runtime={runtime}>
      <div className="flex h-full">
        <Sidebar open={listOpen} onClose={() => setListOpen(false)} onChosen={closeOnPhone} />
        <div className="flex min-w-0 flex-1 flex-col" inert={listOpen && narrow}>
          <Header listOpen={listOpen} onToggleList={() => setListOpen(!listOpen)} />
          <Suspense fallback={<p className="p-8 text-center text-dim text-sm">Opening…</p>}>
            {route.page === 'history' && <HistoryPage key={route.threadId} threadId={route.threadId} />}
            {route.page === 'console' && <ConsolePage name={route.name} />}
          </Suspense>
          {route.page === 'chat' && <ThreadView />}
        </div>
      </div>
      <Shortcuts onToggleList={() => setListOpen(!listOpen)} />
      <Toasts />
    </AssistantRuntimeProvider>
  );
}

/** The runtime moved to another thread: the address follows. A thread just created takes the place of the empty page. */
function showThread(threadId: string | undefined): void {
  const route = currentRoute();
  if (route.threadId === threadId) return;
  navigate(threadId ? { page: 'chat', threadId } : { page: 'chat' }, { replace: route.page === 'chat' && !route.threadId });
}

/** The address names a thread (on start, back, forward): the runtime follows. */
function useThreadOfRoute(runtime: AssistantRuntime, settled: { current: boolean }): void {
  useEffect(() => {
    const follow = async () => {
      const { threadId } = currentRoute();
      const shown = runtime.threads.mainItem.getState().remoteId;
      if (threadId === shown) return;
      try {
        await (threadId ? runtime.threads.switchToThread(threadId, { unarchive: false }) : runtime.threads.switchToNewThread());
      } catch {
        // Who may read a record need not own the conversation.
        if (currentRoute().page === 'history') return;
        toast('This conversation is not here, or not yours.');
        navigate({ page: 'chat' }, { replace: true });
      }
    };
    void follow().finally(() => {
      settled.current = true;
    });
    return onRouteChange(() => void follow());
  }, [runtime, settled]);
}

/** Whoever comes back to this tab sees what other tabs and devices did to the list. */
function useFreshList(runtime: AssistantRuntime): void {
  useEffect(() => {
    const refresh = () => {
      if (document.visibilityState === 'visible' && !runtime.thread.getState().isRunning) void runtime.threads.reload();
    };
    document.addEventListener('visibilitychange', refresh);
    return () => document.removeEventListener('visibilitychange', refresh);
  }, [runtime]);
}
