import { useMemo, useState } from 'react';
import { fetchMe } from '../me.ts';
import { Page, Rows, Section, When } from '../parts.tsx';
import { useAsked } from '../use-asked.tsx';
import { Alerts } from './alerts.tsx';
import { type SecurityEvent, useSecurityFeed } from './feed.ts';

const grave: ReadonlySet<string> = new Set(['alert-raised', 'token-reused', 'account-locked', 'address-blocked', 'tool-blocked']);
const refused: ReadonlySet<string> = new Set(['login-failed', 'access-denied', 'token-refused', 'rate-limited', 'others']);

/** What those who watch over the installation have to know of, as it happens. */
export default function SecurityPage() {
  const { events, state } = useSecurityFeed();
  const me = useAsked(fetchMe);
  const [kind, setKind] = useState('');
  const kinds = useMemo(() => [...new Set(events.map((event) => event.kind))].sort(), [events]);
  const shown = kind === '' ? events : events.filter((event) => event.kind === kind);
  const raised = events.filter((event) => event.kind === 'alert-raised').length;
  return (
    <Page
      title="Security"
      lead="Failed logins, refusals, limits and tokens that were used twice. Networks are told apart by a pseudonym that changes every day."
    >
      <Alerts news={raised} mayAcknowledge={me.value?.roles.includes('administrator') ?? false} />
      <Section title="Events">
        <div className="flex flex-wrap items-center gap-3">
          <select aria-label="Kind of event" value={kind} onChange={(event) => setKind(event.target.value)} className="field">
            <option value="">All kinds</option>
            {kinds.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
          <p role="status" className="flex items-center gap-2 text-dim text-sm">
            <span className={`size-2 rounded-full ${state === 'live' ? 'bg-verdigris' : state === 'broken' ? 'bg-rubric' : 'bg-line'}`} />
            {state === 'live' ? 'Live' : state === 'broken' ? 'The connection broke; trying again…' : 'One moment…'}
          </p>
        </div>
        <div className="mt-3">
          <Rows empty={state === 'reading' ? 'One moment…' : 'Nothing has happened.'}>
            {shown.map((event) => (
              <EventLine key={event.eventId} event={event} />
            ))}
          </Rows>
        </div>
      </Section>
    </Page>
  );
}

function EventLine({
  event: { kind, time, actor, subject, door, reason, target, network, range, about, count, correlationId },
}: {
  event: SecurityEvent;
}) {
  const facts = [door, reason, target, range || network, about].filter(Boolean);
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 py-2.5">
      <span
        className={`size-2 flex-none self-center rounded-full ${grave.has(kind) ? 'bg-rubric' : refused.has(kind) ? 'bg-ochre' : 'bg-verdigris'}`}
      />
      <span className="font-medium">
        {kind}
        {count > 1 && <span className="text-dim"> × {count}</span>}
      </span>
      <span className="ml-auto flex-none text-dim text-sm">
        <When time={time} />
      </span>
      <span className="w-full break-all pl-5 text-dim text-xs" title={correlationId}>
        {actor}
        {subject !== actor && ` → ${subject}`}
        {facts.length > 0 && ` · ${facts.join(' · ')}`}
      </span>
    </li>
  );
}
