import { type FormEvent, useCallback, useState } from 'react';
import { z } from 'zod';
import { request } from '../../api.ts';
import { toast } from '../../ui/toasts.tsx';
import { fetchMe } from '../me.ts';
import { Act, Page, Row, Rows, Section, When } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import { Invitations } from './invitations.tsx';
import { HandOver, Link, linkTo } from './link.tsx';
import { RolesOf } from './roles.tsx';

const Person = z.object({
  id: z.string(),
  name: z.string().nullish(),
  email: z.string().nullish(),
  roles: z.array(z.string()),
  disabled: z.boolean(),
  registeredAt: z.string().nullable(),
});
type Person = z.infer<typeof Person>;
const Found = z.object({ people: z.array(Person), looked: z.number(), next: z.string().optional() });

/** For administrators: who is here, and who is invited. */
export default function PeoplePage() {
  const [search, setSearch] = useState('');
  const look = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setSearch(String(new FormData(event.currentTarget).get('search') ?? '').trim());
  };
  return (
    <Page title="People" lead="Who has an account here, what they may do, and who is invited.">
      <Invitations />
      <Section title="Accounts" lead="Names and addresses are sealed: a search opens them, a few hundred at a time, and is recorded.">
        <search>
          <form onSubmit={look} className="mb-3 flex gap-2">
            <input name="search" placeholder="Part of a name, an address or an id" aria-label="Search" className="field flex-1" />
            <button type="submit" className="pill pill-line flex-none">
              Search
            </button>
          </form>
        </search>
        <Accounts key={search} search={search} />
      </Section>
    </Page>
  );
}

function Accounts({ search }: { search: string }) {
  const [cursor, setCursor] = useState<string>();
  const ask = useCallback(async () => {
    const query = new URLSearchParams({ limit: '50', ...(search === '' ? {} : { search }), ...(cursor === undefined ? {} : { cursor }) });
    const [found, me] = await Promise.all([request(`/api/people?${query}`, Found), fetchMe()]);
    return { ...found, me };
  }, [search, cursor]);
  const asked = useAsked(ask);
  const [link, setLink] = useState<{ text: string; whose: string }>();
  return (
    <Shown asked={asked}>
      {({ people, looked, next, me }) => (
        <>
          {link && <HandOver link={link.text} whose={link.whose} />}
          <Rows empty={search === '' ? 'Nobody has an account yet.' : `Nobody of the ${looked} looked at is called that.`}>
            {people.map((person) => (
              <Account
                key={person.id}
                person={person}
                isMe={person.id === me.id}
                changed={asked.reload}
                handOver={(text) => setLink({ text, whose: person.name ?? person.id })}
              />
            ))}
          </Rows>
          <div className="mt-3 flex gap-2">
            {cursor !== undefined && (
              <button type="button" className="pill pill-line" onClick={() => setCursor(undefined)}>
                From the beginning
              </button>
            )}
            {next !== undefined && (
              <button type="button" className="pill pill-line" onClick={() => setCursor(next)}>
                Go on
              </button>
            )}
          </div>
        </>
      )}
    </Shown>
  );
}

interface AccountProps {
  readonly person: Person;
  readonly isMe: boolean;
  readonly changed: () => void;
  readonly handOver: (link: string) => void;
}

function Account({ person, isMe, changed, handOver }: AccountProps) {
  const path = `/api/people/${encodeURIComponent(person.id)}`;
  const post = (what: string) => request(`${path}/${what}`, z.unknown(), { method: 'POST', body: {} });
  return (
    <Row
      title={
        <span className={person.disabled ? 'line-through opacity-60' : ''}>
          {person.name || person.email || person.id}
          {isMe && <span className="font-normal text-dim"> · you</span>}
        </span>
      }
      facts={
        <>
          {[person.email, person.roles.join(', '), person.disabled && 'shut out'].filter(Boolean).join(' · ')}
          {person.registeredAt && (
            <>
              {' '}
              · since <When time={person.registeredAt} />
            </>
          )}
        </>
      }
    >
      <RolesOf
        roles={person.roles}
        save={async (roles) => {
          await request(`${path}/roles`, z.unknown(), { method: 'PUT', body: { roles } });
          toast('It has these roles from now on.');
          changed();
        }}
      />
      <Act
        label="Password link"
        act={async () => handOver(linkTo((await request(`${path}/password-reset`, Link, { method: 'POST', body: {} })).link))}
        done={() => undefined}
      />
      {!isMe &&
        (person.disabled ? (
          <Act label="Let in" act={() => post('enable')} done={changed} />
        ) : (
          <Act label="Shut out" confirm="All sessions and tokens of this person end within seconds." act={() => post('disable')} done={changed} />
        ))}
    </Row>
  );
}
