import { z } from 'zod';
import { request } from '../../api.ts';
import { PersonField } from '../../sharing/share-dialog.tsx';
import { Act, Form, Labelled, Page, Row, Rows, Section } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import { actions, conditions, nameOf, offered, Permission, resources } from './permissions.ts';

const Role = z.object({ id: z.string(), name: z.string(), description: z.string(), permissions: z.array(Permission) });
const fetchRoles = async () => (await request('/api/roles', z.object({ roles: z.array(Role) }))).roles;
const Person = z.object({ id: z.string(), name: z.string().nullish(), roles: z.array(z.string()), permissions: z.array(Permission) });
const fetchPeople = async () => (await request('/api/people?limit=100', z.object({ people: z.array(Person) }))).people;

const usual = [
  ['administrator', 'everything about people, roles and the installation; nothing of others’ conversations but the project lists'],
  ['member', 'everything with one’s own, and with what is shared as far as it is shared'],
  ['viewer', 'only reads'],
  ['auditor', 'a member who also sees the record of everybody'],
  ['analyst', 'a member who also sees the figures'],
] as const;

export default function RolesPage() {
  const roles = useAsked(fetchRoles);
  const people = useAsked(fetchPeople);
  const post = (path: string, body: object) => request(path, z.unknown(), { method: 'POST', body });
  return (
    <Page
      title="Roles and permissions"
      lead="A role is a set of permissions. Nobody gives more than they have themselves; a change counts within five seconds."
    >
      <Section title="Make a role">
        <Form
          label="Make the role"
          send={async (fields) => {
            const permissions = fields.getAll('permission').map((name) => JSON.parse(String(name)) as object);
            await post('/api/roles', { title: fields.get('title'), description: fields.get('description'), permissions });
            roles.reload();
          }}
        >
          <Labelled label="Name">
            <input name="title" required maxLength={100} className="field" />
          </Labelled>
          <Labelled label="What it is for">
            <input name="description" maxLength={500} className="field" />
          </Labelled>
          <Permissions />
        </Form>
      </Section>
      <Section title="Made here">
        <Shown asked={roles}>
          {(all) => (
            <Rows empty="No roles have been made.">
              {all.map(({ id, name, description, permissions }) => (
                <Row key={id} title={name} facts={[description, permissions.map(nameOf).join(', ')].filter(Boolean).join(' · ')}>
                  <Act
                    label="Remove"
                    confirm="Whoever has this role has nothing by it any more."
                    act={() => request(`/api/roles/${encodeURIComponent(id)}`, z.unknown(), { method: 'DELETE' })}
                    done={roles.reload}
                  />
                </Row>
              ))}
            </Rows>
          )}
        </Shown>
      </Section>
      <Section title="Always there">
        <Rows empty="">
          {usual.map(([name, facts]) => (
            <Row key={name} title={name} facts={facts} />
          ))}
        </Rows>
      </Section>
      <Section title="Give roles to a person" lead="They take the place of those that the person has.">
        <Form
          label="Give"
          send={async (fields) => {
            const path = `/api/people/${encodeURIComponent(String(fields.get('person')))}/roles`;
            await request(path, z.unknown(), { method: 'PUT', body: { roles: fields.getAll('roles') } });
            people.reload();
          }}
        >
          <PersonField />
          <Labelled label="Roles" hint="Several with Ctrl or ⌘">
            <select name="roles" multiple required size={4} className="field">
              {usual.map(([name]) => (
                <option key={name}>{name}</option>
              ))}
              {roles.value?.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </Labelled>
        </Form>
      </Section>
      <Section title="Permissions of single people" lead="Beside their roles.">
        <Form
          label="Permit"
          send={async (fields) => {
            const permission = { resource: fields.get('resource'), action: fields.get('action'), condition: fields.get('condition') };
            await post(`/api/people/${encodeURIComponent(String(fields.get('person')))}/permissions/grant`, { permission });
            people.reload();
          }}
        >
          <PersonField />
          <Choice name="action" label="May" options={actions} />
          <Choice name="resource" label="What" options={resources} />
          <Choice name="condition" label="Which" options={conditions} />
        </Form>
        <div className="mt-4">
          <Shown asked={people}>
            {(all) => (
              <Rows empty="Nobody is registered.">
                {all.map(({ id, name, roles: has, permissions }) => (
                  <Row key={id} title={name ?? id} facts={has.map((role) => roles.value?.find((each) => each.id === role)?.name ?? role).join(', ')}>
                    {permissions.map((permission) => (
                      <Act
                        key={nameOf(permission)}
                        label={`Take back ${nameOf(permission)}`}
                        act={() => post(`/api/people/${encodeURIComponent(id)}/permissions/revoke`, { permission })}
                        done={people.reload}
                      />
                    ))}
                  </Row>
                ))}
              </Rows>
            )}
          </Shown>
        </div>
      </Section>
    </Page>
  );
}

const Choice = ({ name, label, options }: { name: string; label: string; options: readonly string[] }) => (
  <Labelled label={label}>
    <select name={name} className="field">
      {options.map((option) => (
        <option key={option}>{option}</option>
      ))}
    </select>
  </Labelled>
);

const whose: Readonly<Record<string, string>> = { own: 'one’s own', shared: 'shared with one', all: 'everybody’s' };

/** Everything that a role can permit, kind by kind. */
const Permissions = () => (
  <fieldset className="w-full text-sm">
    <legend className="mb-1 font-medium">May</legend>
    <div className="max-h-72 overflow-y-auto rounded-xl border border-line">
      {resources.map((resource) => (
        <details key={resource} className="border-line border-b px-3 py-1.5 last:border-b-0">
          <summary>{resource}</summary>
          <div className="grid grid-cols-1 gap-x-6 py-1 sm:grid-cols-2">
            {offered(resource).map((permission) => (
              <label key={nameOf(permission)} className="flex items-center gap-1.5 py-0.5">
                <input type="checkbox" name="permission" value={JSON.stringify(permission)} />
                {permission.action} <span className="text-dim">{whose[permission.condition]}</span>
              </label>
            ))}
          </div>
        </details>
      ))}
    </div>
  </fieldset>
);
