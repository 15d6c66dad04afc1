import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import type { RecordedEvent } from '../api.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { kindOf, kinds } from './filter.ts';
import { JsonTree } from './json-tree.tsx';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const dots = new Map(kinds.map(({ id, dot }) => [id, dot]));

/** `MessageAdded` read aloud: "Message added". */
const spoken = (type: string) => type.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').replaceAll(/ [A-Z]/g, (letter) => letter.toLowerCase());

export function EventRow({ event }: { event: RecordedEvent }) {
  const [open, setOpen] = useState(false);
  return (
    <li id={event.id} className="relative scroll-mt-12 pl-5 target:bg-wash">
      <span className={`-left-[0.3rem] absolute top-[1.05rem] size-[0.55rem] rounded-full ring-4 ring-paper ${dots.get(kindOf(event.type))}`} />
      <details onToggle={(toggle) => setOpen(toggle.currentTarget.open)} className="group/event border-line border-b">
        <summary className="flex list-none items-baseline gap-x-3 py-2.5 hover:bg-wash/50 [&::-webkit-details-marker]:hidden">
          <time dateTime={event.time} className="w-[4.6rem] flex-none text-dim text-xs tabular-nums max-sm:w-14">
            {clock.format(new Date(event.time))}
          </time>
          <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-3">
            <span className="font-medium text-[0.95rem]">{spoken(event.type)}</span>
            <span className="max-w-full truncate text-dim text-sm">{event.actor}</span>
            <Gist data={event.data} />
          </span>
          <span className="flex flex-none items-center gap-2 self-start pt-1 text-dim text-xs tabular-nums">
            #{event.revision}
            <ChevronRight size={14} className="transition-transform group-open/event:rotate-90" />
          </span>
        </summary>
        {open && <Details event={event} />}
      </details>
    </li>
  );
}

/** The first words of whatever text the event carries. */
function Gist({ data }: { data: unknown }) {
  const text = firstText(data);
  return text ? <span className="w-full truncate text-dim text-sm group-open/event:hidden">{text}</span> : null;
}

function firstText(value: unknown, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null || depth > 4) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === 'string' && /^(text|title|content|comment|reason|error)$/.test(key)) return inner;
    const found = firstText(inner, depth + 1);
    if (found) return found;
  }
  return undefined;
}

function Details({ event }: { event: RecordedEvent }) {
  const facts: readonly (readonly [string, string | null | undefined])[] = [
    ['Event', event.id],
    ['Type', `${event.type} · version ${event.version}`],
    ['Stream', event.stream],
    ['Position', event.position],
    ['Command', event.commandId],
    ['Correlation', event.correlationId],
    ['Caused by', event.causationId],
    ['Leaf', event.leaf],
  ];
  return (
    <div className="rise pb-4">
      <dl className="grid grid-cols-[5.5rem_minmax(0,1fr)] gap-x-3 text-xs">
        {facts.map(([label, value]) =>
          value ? (
            <div key={label} className="col-span-2 grid grid-cols-subgrid items-center">
              <dt className="text-dim">{label}</dt>
              <dd className="flex items-center font-mono">
                {label === 'Caused by' ? (
                  <a href={`#${value}`} className="truncate text-lapis underline underline-offset-2" title={value}>
                    {value}
                  </a>
                ) : (
                  <span className="truncate" title={value}>
                    {value}
                  </span>
                )}
                <CopyButton text={value} label={`Copy: ${label}`} />
              </dd>
            </div>
          ) : null,
        )}
      </dl>
      <div className="mt-2 overflow-x-auto rounded-2xl border border-line bg-leaf px-4 py-3 font-mono text-[0.8rem] leading-relaxed">
        <JsonTree value={event.data} />
      </div>
    </div>
  );
}
