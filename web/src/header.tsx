import { useAuiState } from '@assistant-ui/react';
import { MessageSquareText, Monitor, Moon, PanelLeft, ScrollText, Settings, Sun, UserPlus } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { navigate, useRoute } from './ui/route.ts';
import { setTheme, type Theme, useTheme } from './ui/theme.ts';

export function Header({ listOpen, onToggleList }: { listOpen: boolean; onToggleList: () => void }) {
  const route = useRoute();
  const threadTitle = useAuiState((s) => s.threadListItem.title);
  const title = route.page === 'console' ? 'Settings' : threadTitle;
  const remoteId = useAuiState((s) => s.threadListItem.remoteId);
  useEffect(() => {
    document.title = title ? `${title} · Annals` : 'Annals';
  }, [title]);
  const threadId = route.page === 'history' ? route.threadId : route.page === 'chat' && remoteId;
  return (
    <header className="flex h-14 flex-none items-center gap-1 px-3">
      {!listOpen && (
        <button type="button" className="icon-button size-9" aria-label="Show the conversations" aria-keyshortcuts="Control+B" onClick={onToggleList}>
          <PanelLeft size={18} />
        </button>
      )}
      <h1 className="min-w-0 flex-1 truncate px-2 font-display text-[1.02rem] text-dim">
        {title ?? <span className="sr-only">New conversation</span>}
      </h1>
      {threadId &&
        (route.page === 'history' ? (
          <button type="button" className="pill pill-line flex items-center gap-2" onClick={() => navigate({ page: 'chat', threadId })}>
            <MessageSquareText size={15} /> Conversation
          </button>
        ) : (
          <button
            type="button"
            className="icon-button size-9"
            aria-label="History of this conversation"
            title="History"
            onClick={() => navigate({ page: 'history', threadId })}
          >
            <ScrollText size={18} />
          </button>
        ))}
      {threadId && route.page === 'chat' && <ShareButton threadId={threadId} />}
      {route.page !== 'console' && (
        <button
          type="button"
          className="icon-button size-9"
          aria-label="Settings"
          title="Settings"
          onClick={() => navigate({ page: 'console', name: '' })}
        >
          <Settings size={18} />
        </button>
      )}
      <ThemeButton />
    </header>
  );
}

const ShareDialog = lazy(async () => ({ default: (await import('./sharing/share-dialog.tsx')).ShareDialog }));

function ShareButton({ threadId }: { threadId: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="icon-button size-9" aria-label="Share this conversation" title="Share" onClick={() => setOpen(true)}>
        <UserPlus size={18} />
      </button>
      {open && (
        <Suspense>
          <ShareDialog threadId={threadId} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}

const next: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const icons = { system: Monitor, light: Sun, dark: Moon };

function ThemeButton() {
  const theme = useTheme();
  const Icon = icons[theme];
  return (
    <button
      type="button"
      className="icon-button size-9"
      aria-label={`Theme: ${theme}. Change to ${next[theme]}`}
      title={`Theme: ${theme}`}
      onClick={() => setTheme(next[theme])}
    >
      <Icon size={18} />
    </button>
  );
}
