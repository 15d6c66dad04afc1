import { X } from 'lucide-react';
import { useEffect } from 'react';
import { createStore, useStore } from './store.ts';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
}

const toasts = createStore<readonly Toast[]>([]);
let count = 0;
const dismiss = (id: number) => toasts.set(toasts.get().filter((toast) => toast.id !== id));

export function toast(text: string, action?: Toast['action']): void {
  count += 1;
  toasts.set([
    ...toasts
      .get()
      .filter((shown) => shown.text !== text)
      .slice(-2),
    { id: count, text, action },
  ]);
}

export function Toasts() {
  const shown = useStore(toasts);
  return (
    <div role="status" aria-live="polite" className="pointer-events-none fixed inset-x-0 bottom-28 z-50 flex flex-col items-center gap-2 px-4">
      {shown.map((item) => (
        <ToastView key={item.id} {...item} />
      ))}
    </div>
  );
}

const SHOWN_MS = 8000;

function ToastView({ id, text, action }: Toast) {
  useEffect(() => {
    const timer = setTimeout(() => dismiss(id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [id]);
  return (
    <div className="rise pointer-events-auto flex max-w-full items-center gap-1 rounded-full bg-ink py-1.5 pr-2 pl-4 text-paper text-sm shadow-lg">
      <span className="truncate">{text}</span>
      {action && (
        <button
          type="button"
          className="rounded-full px-3 py-1 font-medium underline decoration-1 underline-offset-4 hover:decoration-2"
          onClick={() => {
            action.run();
            dismiss(id);
          }}
        >
          {action.label}
        </button>
      )}
      <button type="button" aria-label="Dismiss" className="rounded-full p-1 opacity-70 hover:opacity-100" onClick={() => dismiss(id)}>
        <X size={14} />
      </button>
    </div>
  );
}
