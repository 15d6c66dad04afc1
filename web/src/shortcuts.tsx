import { useAui } from '@assistant-ui/react';
import { X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { navigate } from './ui/route.ts';

const shortcuts = [
  ['New conversation', 'Ctrl Shift O'],
  ['Write a message', '/'],
  ['Stop the reply', 'Esc'],
  ['Show or hide the conversations', 'Ctrl B'],
  ['These shortcuts', '?'],
] as const;

const isWriting = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export const focusComposer = () => document.querySelector<HTMLElement>('#composer')?.focus();

export function Shortcuts({ onToggleList }: { onToggleList: () => void }) {
  const aui = useAui();
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      const chord = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      const act = (action: () => void) => {
        event.preventDefault();
        action();
      };
      if (chord && event.shiftKey && key === 'o') return act(() => startConversation(() => aui.threads.switchToNewThread()));
      if (chord && !event.shiftKey && key === 'b') return act(onToggleList);
      if (key === 'escape' && !dialog.current?.open && aui.thread.getState().isRunning) return act(() => aui.thread.cancelRun());
      if (chord || event.altKey || isWriting(event.target)) return;
      if (key === '/') return act(focusComposer);
      if (key === '?') return act(() => dialog.current?.showModal());
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [aui, onToggleList]);

  return (
    <dialog
      ref={dialog}
      aria-labelledby="shortcuts-title"
      className="m-auto w-[min(26rem,92vw)] rounded-2xl border border-line bg-leaf p-6 text-ink backdrop:bg-black/30"
    >
      <div className="mb-3 flex items-center justify-between">
        <h2 id="shortcuts-title" className="font-display text-xl">
          Keyboard
        </h2>
        <button type="button" className="icon-button size-8" aria-label="Close" onClick={() => dialog.current?.close()}>
          <X size={16} />
        </button>
      </div>
      <dl className="text-sm">
        {shortcuts.map(([what, keys]) => (
          <div key={what} className="flex items-center justify-between border-line border-t py-2">
            <dt>{what}</dt>
            <dd className="flex gap-1">
              {keys.split(' ').map((key) => (
                <kbd key={key} className="rounded-md border border-line bg-paper px-1.5 font-mono text-xs leading-6">
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}

export function startConversation(switchToNew: () => void): void {
  switchToNew();
  navigate({ page: 'chat' });
  requestAnimationFrame(focusComposer);
}
