import { ThreadListItemMorePrimitive as More, ThreadListItemPrimitive, ThreadListPrimitive, useAui, useAuiState } from '@assistant-ui/react';
import { Archive, ArchiveRestore, Ellipsis, Pencil, ScrollText, Trash2 } from 'lucide-react';
import { createContext, type KeyboardEvent, useContext, useState } from 'react';
import { restoreConversation } from '../api.ts';
import { navigate } from '../ui/route.ts';
import { toast } from '../ui/toasts.tsx';

const Chosen = createContext<() => void>(() => {});
const components = { ThreadListItem: Item };

export function ThreadItem({ index, archived, onChosen }: { index: number; archived: boolean; onChosen: () => void }) {
  return (
    <Chosen value={onChosen}>
      <ThreadListPrimitive.ItemByIndex index={index} archived={archived} components={components} />
    </Chosen>
  );
}

function Item() {
  const aui = useAui();
  const onChosen = useContext(Chosen);
  const [renaming, setRenaming] = useState(false);
  const remoteId = useAuiState((s) => s.threadListItem.remoteId);
  const archived = useAuiState((s) => s.threadListItem.status === 'archived');
  const running = useAuiState((s) => s.threadListItem.isRunning || typeof s.threadListItem.custom?.['activeStreamId'] === 'string');

  return (
    <ThreadListItemPrimitive.Root className="group relative flex items-center rounded-xl hover:bg-wash data-[active=true]:bg-wash">
      {renaming ? (
        <TitleField onDone={() => setRenaming(false)} />
      ) : (
        <ThreadListItemPrimitive.Trigger
          className="flex min-w-0 flex-1 items-center gap-2 rounded-xl px-3 py-2 text-left text-[0.9rem] leading-snug md:py-1.5"
          onDoubleClick={() => setRenaming(true)}
          onKeyDown={(event: KeyboardEvent) => event.key === 'F2' && setRenaming(true)}
          onClick={(event) => {
            if (archived) {
              event.preventDefault();
              aui.threadListItem.switchTo({ unarchive: false });
            }
            if (remoteId) navigate({ page: 'chat', threadId: remoteId });
            onChosen();
          }}
        >
          <span className="truncate">
            <ThreadListItemPrimitive.Title fallback="New conversation" />
          </span>
          {running && <span role="img" aria-label="A reply is being written" className="caret flex-none" />}
        </ThreadListItemPrimitive.Trigger>
      )}
      <ItemMenu archived={archived} remoteId={remoteId} onRename={() => setRenaming(true)} onChosen={onChosen} />
    </ThreadListItemPrimitive.Root>
  );
}

interface ItemMenuProps {
  archived: boolean;
  remoteId: string | undefined;
  onRename: () => void;
  onChosen: () => void;
}

function ItemMenu({ archived, remoteId, onRename, onChosen }: ItemMenuProps) {
  const aui = useAui();
  const remove = () => {
    aui.threadListItem.delete();
    if (!remoteId) return;
    const undo = async () => {
      await restoreConversation(remoteId);
      await aui.threads.reload();
    };
    toast('Moved to the trash', { label: 'Undo', run: () => void undo().catch((error: Error) => toast(error.message)) });
  };
  return (
    <More.Root>
      <More.Trigger
        aria-label="More"
        className="icon-button absolute right-1 size-7 bg-inherit focus-visible:opacity-100 group-focus-within:opacity-100 group-hover:bg-wash group-hover:opacity-100 data-[state=open]:opacity-100 md:opacity-0"
      >
        <Ellipsis size={16} />
      </More.Trigger>
      <More.Content
        className="menu"
        align="start"
        side="bottom"
        onCloseAutoFocus={(event) => document.activeElement?.tagName === 'INPUT' && event.preventDefault()}
      >
        <More.Item className="menu-item" onSelect={() => setTimeout(onRename)}>
          <Pencil size={15} /> Rename
        </More.Item>
        {remoteId && (
          <More.Item
            className="menu-item"
            onSelect={() => {
              navigate({ page: 'history', threadId: remoteId });
              onChosen();
            }}
          >
            <ScrollText size={15} /> History
          </More.Item>
        )}
        {archived ? (
          <More.Item className="menu-item" onSelect={() => aui.threadListItem.unarchive()}>
            <ArchiveRestore size={15} /> Take out of the archive
          </More.Item>
        ) : (
          <More.Item className="menu-item" onSelect={() => aui.threadListItem.archive()}>
            <Archive size={15} /> Archive
          </More.Item>
        )}
        <More.Separator className="my-1 h-px bg-line" />
        <More.Item className="menu-item text-rubric" onSelect={remove}>
          <Trash2 size={15} /> Delete
        </More.Item>
      </More.Content>
    </More.Root>
  );
}

function TitleField({ onDone }: { onDone: () => void }) {
  const aui = useAui();
  const title = useAuiState((s) => s.threadListItem.title ?? '');
  const save = (value: string) => {
    const wanted = value.trim();
    if (wanted && wanted !== title) aui.threadListItem.rename(wanted);
    onDone();
  };
  return (
    <input
      ref={(field) => field?.focus()}
      aria-label="Title"
      maxLength={255}
      defaultValue={title}
      className="m-0.5 min-w-0 flex-1 rounded-lg bg-leaf px-2.5 py-1.5 text-[0.9rem] leading-snug"
      onFocus={(event) => event.target.select()}
      onBlur={(event) => save(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur();
        if (event.key === 'Escape') {
          event.preventDefault();
          onDone();
        }
      }}
    />
  );
}
