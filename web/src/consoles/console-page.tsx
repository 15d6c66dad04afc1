import { Suspense, useEffect, useRef } from 'react';
import { navigate, pathOf } from '../ui/route.ts';
import { type Console, consoles } from './index.ts';
import { fetchMe, type Me } from './me.ts';
import { Shown, useAsked } from './use-asked.tsx';

/** The settings: a menu of what this person may see, and the page that the address names. */
export default function ConsolePage({ name }: { name: string }) {
  const me = useAsked(fetchMe);
  return (
    <main className="min-h-0 flex-1 overflow-y-auto px-4" aria-label="Settings">
      <Shown asked={me}>{(person) => <Consoles name={name} person={person} />}</Shown>
    </main>
  );
}

function Consoles({ name, person }: { name: string; person: Me }) {
  const open = consoles.filter(({ roles }) => roles === undefined || roles.some((role) => person.roles.includes(role)));
  const current = open.find((each) => each.name === name) ?? open[0];
  return (
    <div className="mx-auto flex max-w-[66rem] flex-col gap-x-8 md:flex-row">
      <nav aria-label="Settings" className="flex flex-none gap-x-6 overflow-x-auto pt-4 md:w-48 md:flex-col">
        {[...Map.groupBy(open, ({ group }) => group)].map(([group, members]) => (
          <div key={group} className="flex flex-none flex-col md:mb-4">
            <h2 className="sticky left-0 w-max px-3 text-[0.72rem] text-dim uppercase tracking-wider">{group}</h2>
            <div className="flex md:flex-col">
              {members.map((each) => (
                <Entry key={each.name} entry={each} current={each === current} />
              ))}
            </div>
          </div>
        ))}
      </nav>
      <div className="min-w-0 flex-1">
        <Suspense fallback={<p className="py-8 text-dim text-sm">One moment…</p>}>{current && <current.Page />}</Suspense>
      </div>
    </div>
  );
}

function Entry({ entry: { name, title, icon: Icon }, current }: { entry: Console; current: boolean }) {
  const link = useRef<HTMLAnchorElement>(null);
  // On a phone the menu is one line, wider than the screen.
  useEffect(() => {
    if (current) link.current?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [current]);
  return (
    <a
      ref={link}
      href={pathOf({ page: 'console', name })}
      aria-current={current ? 'page' : undefined}
      className={`flex items-center gap-2.5 whitespace-nowrap rounded-xl px-3 py-1.5 text-[0.9rem] hover:bg-wash ${current ? 'bg-wash' : ''}`}
      onClick={(event) => {
        event.preventDefault();
        navigate({ page: 'console', name });
      }}
    >
      <Icon size={15} className="flex-none text-dim" /> {title}
    </a>
  );
}
