import { type FormEvent, useCallback, useState } from 'react';
import { z } from 'zod';
import { request } from '../../api.ts';
import { Labelled, Page, Rows, Section } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import { AuditEntry, Entry } from './entry.tsx';
import { Integrity } from './integrity.tsx';

type Search = Readonly<Record<string, string>>;
const Found = z.object({ entries: z.array(Entry), next: z.string().optional() });

/** Who did what, was refused what, and read whose data. */
export default function AuditPage() {
  const [search, setSearch] = useState<Search>({});
  return (
    <Page title="Audit" lead="What everybody did, was refused and was shown. Texts are left out; nothing here can be changed, only added to.">
      <Integrity />
      <Section title="Search">
        <Fields key={JSON.stringify(search)} search={search} onSearch={setSearch} />
        <Entries key={`entries ${JSON.stringify(search)}`} search={search} onSearch={setSearch} />
      </Section>
    </Page>
  );
}

/** Times of the field are of this place; the server's are of UTC. */
const toUtc = (local: string): string => new Date(local).toISOString();
const toLocal = (utc: string | undefined): string => {
  if (utc === undefined) return '';
  const time = new Date(utc);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

function Fields({ search, onSearch }: { search: Search; onSearch: (search: Search) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = [...new FormData(event.currentTarget)].flatMap(([name, value]) => {
      const text = String(value).trim();
      return text === '' ? [] : [[name, name === 'from' || name === 'to' ? toUtc(text) : text] as const];
    });
    onSearch(Object.fromEntries(given));
  };
  return (
    <search>
      <form onSubmit={submit} aria-label="Search the audit" className="flex flex-wrap items-end gap-3">
        <Labelled label="Person">
          <input name="person" defaultValue={search.person} placeholder="person_…" pattern="person_[A-Za-z0-9_\-]+" className="field" />
        </Labelled>
        <Labelled label="Action">
          <input name="action" defaultValue={search.action} placeholder="RolesChanged, login-failed…" className="field" />
        </Labelled>
        <Labelled label="Resource">
          <input name="resource" defaultValue={search.resource} placeholder="thread_… or a stream" className="field" />
        </Labelled>
        <Labelled label="Request">
          <input name="correlationId" defaultValue={search.correlationId} placeholder="its id" className="field" />
        </Labelled>
        <Labelled label="Outcome">
          <select name="outcome" defaultValue={search.outcome} className="field">
            <option value="">any</option>
            <option value="done">done</option>
            <option value="refused">refused</option>
            <option value="read">read</option>
          </select>
        </Labelled>
        <Labelled label="From">
          <input name="from" type="datetime-local" defaultValue={toLocal(search.from)} className="field" />
        </Labelled>
        <Labelled label="Before">
          <input name="to" type="datetime-local" defaultValue={toLocal(search.to)} className="field" />
        </Labelled>
        <button type="submit" className="pill pill-solid flex-none">
          Search
        </button>
        {Object.keys(search).length > 0 && (
          <button type="button" className="pill pill-line flex-none" onClick={() => onSearch({})}>
            Everything
          </button>
        )}
      </form>
    </search>
  );
}

function Entries({ search, onSearch }: { search: Search; onSearch: (search: Search) => void }) {
  const [older, setOlder] = useState<readonly Entry[]>([]);
  const [next, setNext] = useState<string>();
  const [begun, setBegun] = useState(false);
  const page = useCallback(
    (cursor?: string) => request(`/api/audit?${new URLSearchParams({ ...search, limit: '50', ...(cursor ? { cursor } : {}) })}`, Found),
    [search],
  );
  const first = useAsked(page);
  const more = async (cursor: string) => {
    const found = await page(cursor);
    setOlder([...older, ...found.entries]);
    setNext(found.next);
    setBegun(true);
  };
  return (
    <Shown asked={first}>
      {({ entries, next: after }) => {
        const cursor = begun ? next : after;
        return (
          <div className="mt-4">
            <Rows empty="Nothing is like that.">
              {[...entries, ...older].map((entry) => (
                <AuditEntry key={entry.eventId} entry={entry} onFind={onSearch} />
              ))}
            </Rows>
            {cursor && (
              <button type="button" className="pill pill-line mt-3" onClick={() => void more(cursor)}>
                Older ones
              </button>
            )}
          </div>
        );
      }}
    </Shown>
  );
}
