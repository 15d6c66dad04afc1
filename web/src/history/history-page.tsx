import { Download } from 'lucide-react';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { fetchEvents, type RecordedEvent } from '../api.ts';
import { EventRow } from './event-row.tsx';
import { type Filter, kindOf, kinds, matching } from './filter.ts';

export default function HistoryPage({ threadId }: { threadId: string }) {
  const [found, setFound] = useState<readonly RecordedEvent[] | Error | null>(null);
  const load = useCallback(() => {
    setFound(null);
    fetchEvents(threadId).then(setFound, setFound);
  }, [threadId]);
  useEffect(load, [load]);

  return (
    <main className="min-h-0 flex-1 overflow-y-auto px-4" aria-label="History">
      <div className="mx-auto max-w-[54rem] pt-4 pb-16">
        {found === null && <p className="py-16 text-center text-dim">Reading the record…</p>}
        {found instanceof Error && (
          <div role="alert" className="py-16 text-center">
            <p className="font-display text-xl">The record could not be read.</p>
            <p className="mt-1 text-dim">{found.message}</p>
            <button type="button" className="pill pill-line mt-4" onClick={load}>
              Try again
            </button>
          </div>
        )}
        {Array.isArray(found) && <Record threadId={threadId} events={found} />}
      </div>
    </main>
  );
}

const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });

function Record({ threadId, events }: { threadId: string; events: readonly RecordedEvent[] }) {
  const [filter, setFilter] = useState<Filter>({ words: '', kind: null, actor: null });
  const [newestFirst, setNewestFirst] = useState(false);
  const shown = useMemo(() => {
    const found = matching(events, filter);
    return newestFirst ? found.toReversed() : found;
  }, [events, filter, newestFirst]);
  const days = [...Map.groupBy(shown, (event) => day.format(new Date(event.time)))];
  const streams = new Set(events.map((event) => event.stream)).size;

  return (
    <>
      <div className="flex flex-wrap items-end gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1">
          <h2 className="font-display text-[1.9rem] leading-tight tracking-tight">
            <span className="text-rubric">T</span>he record
          </h2>
          <p className="text-dim text-sm">
            {events.length} events in {streams} {streams === 1 ? 'stream' : 'streams'}. Nothing here can be changed, only added to.
          </p>
        </div>
        <button type="button" className="pill pill-line flex items-center gap-2" onClick={() => save(threadId, events)}>
          <Download size={15} /> Save as JSON
        </button>
      </div>
      <Filters events={events} filter={filter} onChange={setFilter} newestFirst={newestFirst} onOrder={setNewestFirst} />
      {shown.length === 0 && <p className="py-12 text-center text-dim">No event is like that.</p>}
      {days.map(([label, ofDay]) => (
        <section key={label} aria-label={label}>
          <h3 className="sticky top-0 z-10 bg-paper/95 py-2 font-display text-dim backdrop-blur">{label}</h3>
          <ol className="relative ml-[0.3rem] border-line border-l">
            {ofDay.map((event) => (
              <EventRow key={event.id} event={event} />
            ))}
          </ol>
        </section>
      ))}
    </>
  );
}

interface FiltersProps {
  events: readonly RecordedEvent[];
  filter: Filter;
  onChange: (filter: Filter) => void;
  newestFirst: boolean;
  onOrder: (newestFirst: boolean) => void;
}

function Filters({ events, filter, onChange, newestFirst, onOrder }: FiltersProps) {
  const actors = [...new Set(events.map((event) => event.actor))].sort();
  const present = new Set(events.map((event) => kindOf(event.type)));
  return (
    <search className="my-5 flex flex-wrap items-center gap-2">
      <input
        type="search"
        aria-label="Find in the events"
        placeholder="Find in the events"
        value={filter.words}
        onChange={(event) => onChange({ ...filter, words: event.target.value })}
        className="field min-w-40 flex-1 placeholder:text-dim"
      />
      <select
        aria-label="Who did it"
        value={filter.actor ?? ''}
        onChange={(event) => onChange({ ...filter, actor: event.target.value || null })}
        className="field max-w-48"
      >
        <option value="">Everyone</option>
        {actors.map((actor) => (
          <option key={actor} value={actor}>
            {actor}
          </option>
        ))}
      </select>
      <button type="button" className="field hover:bg-wash" aria-pressed={newestFirst} onClick={() => onOrder(!newestFirst)}>
        {newestFirst ? 'Newest first' : 'Oldest first'}
      </button>
      <fieldset className="flex w-full flex-wrap gap-1.5">
        <legend className="sr-only">Kind of event</legend>
        {kinds
          .filter(({ id }) => present.has(id))
          .map(({ id, label, dot }) => (
            <button
              key={id}
              type="button"
              aria-pressed={filter.kind === id}
              onClick={() => onChange({ ...filter, kind: filter.kind === id ? null : id })}
              className={`flex items-center gap-2 rounded-full border px-3 py-1 text-[0.8rem] ${filter.kind === id ? 'border-ink bg-ink text-paper' : 'border-line hover:bg-wash'}`}
            >
              <span className={`size-2 rounded-full ${dot}`} /> {label}
            </button>
          ))}
      </fieldset>
    </search>
  );
}

function save(threadId: string, events: readonly RecordedEvent[]): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify({ events }, null, 2)], { type: 'application/json' }));
  const link = Object.assign(document.createElement('a'), { href: url, download: `${threadId}.events.json` });
  link.click();
  URL.revokeObjectURL(url);
}
