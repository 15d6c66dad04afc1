import { useState } from 'react';
import { z } from 'zod';
import { request } from '../../api.ts';
import { Act, Form, Labelled, Row, Rows, Section, When } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import { HandOver, Link, linkTo } from './link.tsx';
import { allRoles } from './roles.tsx';

const Invitation = z.object({
  id: z.string(),
  state: z.string(),
  origin: z.string(),
  roles: z.array(z.string()),
  expiresAt: z.string(),
  email: z.string().nullable(),
  name: z.string().nullable(),
});
const fetchOpen = async () => (await request('/api/invitations?state=open&limit=100', z.object({ invitations: z.array(Invitation) }))).invitations;
const Made = Link.extend({ mailed: z.boolean() });

/** Who is invited, and has not come yet. */
export function Invitations() {
  const open = useAsked(fetchOpen);
  const [link, setLink] = useState<{ text: string; whose: string }>();
  const path = (id: string) => `/api/invitations/${encodeURIComponent(id)}`;
  const invite = async (fields: FormData) => {
    const text = (name: string) => String(fields.get(name) ?? '').trim();
    const about = Object.fromEntries(['email', 'name'].flatMap((field) => (text(field) === '' ? [] : [[field, text(field)]])));
    const body = { roles: [text('role')], days: Number(fields.get('days')), ...about };
    const made = await request('/api/invitations', Made, { method: 'POST', body });
    setLink({ text: linkTo(made.link), whose: text('name') || text('email') || 'whom you invite' });
    open.reload();
  };
  return (
    <Section title="Invitations" lead="A link lets one person in. With an address it is mailed as well, where this server sends mails.">
      <Form label="Invite" send={invite}>
        <Labelled label="E-mail address (optional)">
          <input name="email" type="email" maxLength={254} className="field" />
        </Labelled>
        <Labelled label="Name (optional)">
          <input name="name" maxLength={255} className="field" />
        </Labelled>
        <Labelled label="Role">
          <select name="role" defaultValue="member" className="field">
            {allRoles.map((role) => (
              <option key={role}>{role}</option>
            ))}
          </select>
        </Labelled>
        <Labelled label="Good for, in days">
          <input name="days" type="number" min={1} max={90} defaultValue={7} required className="field" />
        </Labelled>
      </Form>
      {link && <HandOver link={link.text} whose={link.whose} />}
      <div className="mt-4">
        <Shown asked={open}>
          {(invitations) => (
            <Rows empty="Nobody is invited at the moment.">
              {invitations.map(({ id, origin, roles, expiresAt, email, name }) => (
                <Row
                  key={id}
                  title={name ?? email ?? 'Whoever has the link'}
                  facts={
                    <>
                      {[name && email, origin === 'registration' && 'asked for an account', roles.join(', ')].filter(Boolean).join(' · ')} · until{' '}
                      <When time={expiresAt} />
                    </>
                  }
                >
                  <Act
                    label="Link"
                    act={async () =>
                      setLink({
                        text: linkTo((await request(`${path(id)}/link`, Link, { method: 'POST', body: {} })).link),
                        whose: name ?? email ?? 'whom you invited',
                      })
                    }
                    done={() => undefined}
                  />
                  <Act label="Take back" act={() => request(path(id), z.unknown(), { method: 'DELETE' })} done={open.reload} />
                </Row>
              ))}
            </Rows>
          )}
        </Shown>
      </div>
    </Section>
  );
}
