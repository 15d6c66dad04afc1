import { useAui } from '@assistant-ui/react';
import { Undo2 } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { fetchTrashed, restoreConversation, type TrashedConversation } from '../api.ts';
import { toast } from '../ui/toasts.tsx';

export function Trash() {
  const aui = useAui();
  const [found, setFound] = useState<readonly TrashedConversation[] | Error | null>(null);
  const load = useCallback(() => fetchTrashed().then(setFound, setFound), []);
  useEffect(() => void load(), [load]);

  const restore = async (id: string) => {
    try {
      await restoreConversation(id);
      await Promise.all([load(), aui.threads.reload()]);
      toast('Taken out of the trash');
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error));
    }
  };

  if (found === null) return null;
  if (found instanceof Error) return <p className="px-3 py-4 text-dim text-sm">The trash could not be opened. {found.message}</p>;
  if (found.length === 0) return <p className="px-3 py-4 text-dim text-sm">The trash is empty.</p>;
  return (
    <ul className="pt-2">
      {found.map(({ id, title }) => (
        <li key={id} className="flex items-center rounded-xl pl-3 hover:bg-wash">
          <span className="min-w-0 flex-1 truncate py-1.5 text-[0.9rem] text-dim">{title || 'New conversation'}</span>
          <button
            type="button"
            className="icon-button size-8"
            aria-label={`Restore ${title || 'conversation'}`}
            title="Restore"
            onClick={() => void restore(id)}
          >
            <Undo2 size={15} />
          </button>
        </li>
      ))}
    </ul>
  );
}
