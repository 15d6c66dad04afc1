import { type FormEvent, type ReactNode, useState } from 'react';
import { toast } from '../ui/toasts.tsx';

/** The frame of one page of the settings. */
export function Page({ title, lead, action, children }: { title: string; lead?: ReactNode; action?: ReactNode; children: ReactNode }) {
  return (
    <div className="mx-auto max-w-[50rem] pt-4 pb-16">
      <div className="flex flex-wrap items-end gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1">
          <h2 className="font-display text-[1.9rem] leading-tight tracking-tight">
            <span className="text-rubric">{title.slice(0, 1)}</span>
            {title.slice(1)}
          </h2>
          {lead && <p className="mt-1 text-dim text-sm">{lead}</p>}
        </div>
        {action}
      </div>
      {children}
    </div>
  );
}

export function Section({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title} className="mt-8">
      <h3 className="font-display text-xl">{title}</h3>
      {lead && <p className="text-dim text-sm">{lead}</p>}
      <div className="mt-3">{children}</div>
    </section>
  );
}

/** Rows under a line each; `empty` is said where there are none. */
export function Rows({ empty, children }: { empty: string; children: readonly ReactNode[] }) {
  if (children.length === 0) return <p className="border-line border-t py-4 text-dim text-sm">{empty}</p>;
  return <ul className="divide-y divide-line border-line border-y">{children}</ul>;
}

/** One thing of a list: what it is, what is known of it, what can be done with it. */
export function Row({ title, facts, children }: { title: ReactNode; facts?: ReactNode; children?: ReactNode }) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
      <div className="min-w-0 flex-1">
        <p className="break-words font-medium">{title}</p>
        {facts && <p className="break-words text-dim text-sm">{facts}</p>}
      </div>
      {children && <div className="flex flex-none flex-wrap items-center gap-2">{children}</div>}
    </li>
  );
}

export function Labelled({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is what it is put around
    <label className="flex min-w-40 flex-1 flex-col gap-1 text-sm">
      <span className="font-medium">{label}</span>
      {children}
      {hint && <span className="text-dim text-xs">{hint}</span>}
    </label>
  );
}

/** A form that says why it was refused, and cannot be sent twice at once. */
export function Form({ label, send, children }: { label: string; send: (fields: FormData) => Promise<void>; children: ReactNode }) {
  const [sending, setSending] = useState(false);
  const [refused, setRefused] = useState('');
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    setSending(true);
    try {
      await send(new FormData(form));
      form.reset();
      setRefused('');
    } catch (error) {
      setRefused((error as Error).message);
    }
    setSending(false);
  };
  return (
    <form onSubmit={submit} aria-label={label} className="flex flex-wrap items-end gap-3">
      {children}
      <button type="submit" disabled={sending} className="pill pill-solid flex-none disabled:opacity-50">
        {label}
      </button>
      {refused && (
        <p role="alert" className="w-full text-rubric text-sm">
          {refused}
        </p>
      )}
    </form>
  );
}

interface ActProps {
  readonly label: string;
  /** Asked before it is done, where it cannot be undone. */
  readonly confirm?: string;
  readonly act: () => Promise<unknown>;
  readonly done: () => void;
}

/** A button that does one thing on the server, and says in a toast why it was refused. */
export function Act({ label, confirm: question, act, done }: ActProps) {
  const [acting, setActing] = useState(false);
  const run = async () => {
    if (question && !confirm(question)) return;
    setActing(true);
    try {
      await act();
      done();
    } catch (error) {
      toast((error as Error).message);
    }
    setActing(false);
  };
  return (
    <button type="button" className="pill pill-line disabled:opacity-50" disabled={acting} onClick={() => void run()}>
      {label}
    </button>
  );
}

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
export const When = ({ time }: { time: string }) => <time dateTime={time}>{moment.format(new Date(time))}</time>;
