import { z } from 'zod';
import { request } from '../../api.ts';
import { newPassword } from '../../login/doors.ts';
import { NewPassword } from '../../login/new-password.tsx';
import { fetchWays } from '../../login/ways.ts';
import { toast } from '../../ui/toasts.tsx';
import { fetchMe, type Me } from '../me.ts';
import { Form, Labelled, Page, Section } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';

const fields = ['name', 'email', 'picture', 'language', 'timeZone'] as const;
const zones = Intl.supportedValuesOf('timeZone');

const ask = async () => {
  const [me, ways] = await Promise.all([fetchMe(), fetchWays()]);
  return { me, password: ways.password };
};

/** What one says about oneself, and one's password. */
export default function ProfilePage() {
  const asked = useAsked(ask);
  return (
    <Page title="Profile" lead="What you say about yourself. It is sealed with your key, and nobody has to say anything.">
      <Shown asked={asked}>
        {({ me, password }) => (
          <>
            <About me={me} saved={asked.reload} />
            {password && <Password />}
          </>
        )}
      </Shown>
    </Page>
  );
}

function About({ me, saved }: { me: Me; saved: () => void }) {
  const said = (field: (typeof fields)[number]): string => String(me[field] ?? '');
  const save = async (form: FormData) => {
    const body = Object.fromEntries(fields.map((field) => [field, String(form.get(field) ?? '').trim() || null]));
    await request('/api/me', z.unknown(), { method: 'PATCH', body });
    saved();
    toast('Saved.');
  };
  return (
    <Section title="About you" lead={`You are ${me.id}, here as ${me.roles.join(', ')}.`}>
      {/* Another form once there is something else to begin with. */}
      <Form key={fields.map(said).join('\n')} label="Save" send={save}>
        <Labelled label="Name" hint="What you are called here.">
          <input name="name" maxLength={255} autoComplete="name" defaultValue={said('name')} className="field" />
        </Labelled>
        <Labelled label="E-mail address" hint="Where you are reached. What you log in with stays as it is.">
          <input name="email" type="email" maxLength={320} autoComplete="email" defaultValue={said('email')} className="field" />
        </Labelled>
        <div className="flex w-full flex-wrap gap-3">
          <Labelled label="Language" hint="A tag such as en or de-AT.">
            <input name="language" maxLength={35} placeholder={navigator.language} defaultValue={said('language')} className="field" />
          </Labelled>
          <Labelled label="Time zone" hint={`Here it is ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`}>
            <input name="timeZone" maxLength={64} list="time-zones" defaultValue={said('timeZone')} className="field" />
          </Labelled>
          <datalist id="time-zones">
            {zones.map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </div>
        <div className="flex w-full">
          <Labelled label="Picture" hint="The address of one on the web.">
            <input name="picture" type="url" maxLength={2048} defaultValue={said('picture')} className="field" />
          </Labelled>
        </div>
      </Form>
    </Section>
  );
}

const Password = () => (
  <Section title="Password" lead="Your other sessions end when you change it.">
    <Form
      label="Change the password"
      send={async (form) => {
        await request('/api/me/password', z.unknown(), { method: 'POST', body: { old: form.get('old'), password: newPassword(form) } });
        toast('Your password is another one now.');
      }}
    >
      <div className="flex w-full">
        <Labelled label="Password until now">
          <input name="old" type="password" autoComplete="current-password" required className="field" />
        </Labelled>
      </div>
      <NewPassword />
    </Form>
  </Section>
);
