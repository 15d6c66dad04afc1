import { type ReactNode, useEffect } from 'react';

/** A page before the app: for whoever is not in yet. */
export function Frame({ title, lead, children }: { title: string; lead: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Annals`;
  }, [title]);
  return (
    <main className="flex h-full items-center justify-center overflow-y-auto px-4 py-10" aria-label={title}>
      <div className="w-full max-w-[24rem] rounded-2xl border border-line bg-leaf px-8 py-9 shadow-sm">
        <h1 className="font-display text-[2.3rem] leading-tight tracking-tight">
          <span className="text-rubric">A</span>nnals
        </h1>
        <p className="mt-1 mb-6 text-dim text-sm">{lead}</p>
        {children}
      </div>
    </main>
  );
}

export const Ways = ({ children }: { children: ReactNode }) => <p className="mt-6 flex flex-wrap gap-x-4 gap-y-1 text-dim text-sm">{children}</p>;
export const Way = ({ to, children }: { to: string; children: ReactNode }) => (
  <a className="underline underline-offset-2 hover:text-ink" href={`${import.meta.env.BASE_URL}${to}`}>
    {children}
  </a>
);

/** One field a line. */
export const Line = ({ children }: { children: ReactNode }) => <div className="flex w-full">{children}</div>;
