import { ThreadListPrimitive, useAui, useAuiState } from '@assistant-ui/react';
import { PanelLeftClose, SquarePen } from 'lucide-react';
import { useState } from 'react';
import { startConversation } from '../shortcuts.tsx';
import { dayGroups } from './day-groups.ts';
import { ThreadItem } from './thread-item.tsx';
import { Trash } from './trash.tsx';

type Shelf = 'active' | 'archived' | 'trash';
const shelves: readonly (readonly [Shelf, string])[] = [
  ['active', 'Chats'],
  ['archived', 'Archive'],
  ['trash', 'Trash'],
];

interface SidebarProps {
  open: boolean;
  onClose: () => void;
  onChosen: () => void;
}

export function Sidebar({ open, onClose, onChosen }: SidebarProps) {
  const aui = useAui();
  const [shelf, setShelf] = useState<Shelf>('active');
  return (
    <>
      <button
        type="button"
        tabIndex={-1}
        aria-label="Close the conversations"
        onClick={onClose}
        className={`fixed inset-0 z-30 bg-black/35 transition-opacity duration-200 md:hidden ${open ? 'opacity-100' : 'pointer-events-none opacity-0'}`}
      />
      <nav
        aria-label="Conversations"
        inert={!open}
        className={`fixed inset-y-0 left-0 z-40 flex w-[min(18.5rem,86vw)] flex-none flex-col overflow-hidden border-line border-r bg-shade transition-[translate,margin] duration-200 md:static md:w-[17.5rem] ${open ? '' : '-translate-x-full md:-ml-[17.5rem]'}`}
      >
        <div className="flex h-14 flex-none items-center gap-2 pr-2.5 pl-5">
          <p className="flex-1 font-display text-[1.4rem] tracking-tight">
            <span className="text-rubric">A</span>nnals
          </p>
          <button type="button" className="icon-button size-9" aria-label="Hide the conversations" aria-keyshortcuts="Control+B" onClick={onClose}>
            <PanelLeftClose size={18} />
          </button>
        </div>
        <button
          type="button"
          aria-keyshortcuts="Control+Shift+O"
          className="pill pill-line mx-3 mb-3 flex items-center gap-2.5 text-left"
          onClick={() => {
            startConversation(() => aui.threads.switchToNewThread());
            onChosen();
          }}
        >
          <SquarePen size={16} className="text-rubric" /> New conversation
        </button>
        <div role="tablist" aria-label="Which conversations" className="mx-3 mb-1 flex border-line border-b text-[0.8rem]">
          {shelves.map(([id, label]) => (
            <button
              key={id}
              type="button"
              role="tab"
              aria-selected={shelf === id}
              aria-controls="shelf"
              className={`-mb-px border-b-2 px-2.5 py-1.5 ${shelf === id ? 'border-rubric text-ink' : 'border-transparent text-dim hover:text-ink'}`}
              onClick={() => setShelf(id)}
            >
              {label}
            </button>
          ))}
        </div>
        <div id="shelf" role="tabpanel" aria-label={shelves.find(([id]) => id === shelf)?.[1]} className="min-h-0 flex-1 overflow-y-auto px-2 pb-4">
          {shelf === 'trash' ? <Trash /> : <Threads archived={shelf === 'archived'} onChosen={onChosen} />}
        </div>
      </nav>
    </>
  );
}

function Threads({ archived, onChosen }: { archived: boolean; onChosen: () => void }) {
  const ids = useAuiState((s) => (archived ? s.threads.archivedThreadIds : s.threads.threadIds));
  const items = useAuiState((s) => s.threads.threadItems);
  const isLoading = useAuiState((s) => s.threads.isLoading);
  const failed = useAuiState((s) => s.threads.loadError !== undefined);
  const hasMore = useAuiState((s) => s.threads.hasMore);
  const aui = useAui();

  if (failed && ids.length === 0) {
    return (
      <div className="px-3 py-4 text-dim text-sm">
        <p>The conversations could not be loaded.</p>
        <button type="button" className="pill pill-line mt-3" onClick={() => void aui.threads.reload()}>
          Try again
        </button>
      </div>
    );
  }
  if (isLoading && ids.length === 0) return <Skeleton />;
  if (ids.length === 0)
    return <p className="px-3 py-4 text-dim text-sm">{archived ? 'Nothing is archived.' : 'What you talk about will be listed here.'}</p>;

  const groups = dayGroups(ids, new Map(items.map((item) => [item.id, item.lastMessageAt])), new Date());
  return (
    <ThreadListPrimitive.Root>
      {groups.map(({ label, indices }) => (
        <section key={label} aria-label={label}>
          <h2 className="px-3 pt-4 pb-1 text-[0.72rem] text-dim uppercase tracking-wider">{label}</h2>
          {indices.map((index) => (
            <ThreadItem key={ids[index]} index={index} archived={archived} onChosen={onChosen} />
          ))}
        </section>
      ))}
      {hasMore && <ThreadListPrimitive.LoadMore className="pill mt-2 w-full text-dim hover:bg-wash">Show older ones</ThreadListPrimitive.LoadMore>}
    </ThreadListPrimitive.Root>
  );
}

const Skeleton = () => (
  <div aria-hidden className="animate-pulse space-y-3 px-3 pt-5">
    {[70, 52, 84, 61].map((width) => (
      <div key={width} className="h-4 rounded bg-wash" style={{ width: `${width}%` }} />
    ))}
  </div>
);
