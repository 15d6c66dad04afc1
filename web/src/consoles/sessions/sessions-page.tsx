import { z } from 'zod';
import { annals } from '../../annals.ts';
import { request } from '../../api.ts';
import { addressOf, fetchWays, logOut } from '../../login/ways.ts';
import { pathOf } from '../../ui/route.ts';
import { Act, Page, Row, Rows, Section, When } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import { deviceName } from './device-name.ts';

const Session = z.object({
  id: z.string(),
  kind: z.string(),
  method: z.string(),
  device: z.string(),
  openedAt: z.string(),
  usedAt: z.string(),
  expiresAt: z.string(),
  current: z.boolean(),
});
const Login = z.object({ identity: z.string(), method: z.string(), account: z.string(), addedAt: z.string() });

const fetchSessions = async () => (await request('/api/sessions', z.object({ sessions: z.array(Session) }))).sessions;
const fetchLogins = async () => (await request('/api/me/logins', z.object({ logins: z.array(Login) }))).logins;

export default function SessionsPage() {
  const sessions = useAsked(fetchSessions);
  const logins = useAsked(fetchLogins);
  const ways = useAsked(fetchWays);
  const labelOf = (method: string): string => {
    const key = method.replace(/^oidc:/, '');
    return ways.value?.providers.find((each) => each.key === key)?.label ?? key;
  };
  const isLoggedIn = sessions.value?.some(({ current }) => current) === true;
  const others = (logins.value && ways.value?.providers.filter(({ key }) => !logins.value?.some(({ method }) => method === `oidc:${key}`))) ?? [];
  const returnTo = pathOf({ page: 'console', name: 'sessions' });

  return (
    <Page
      title="Sessions and logins"
      lead="Where you are logged in, and how."
      action={isLoggedIn && <Act label="Log out" act={async () => logOut(await annals.headers())} done={() => undefined} />}
    >
      <Section title="Sessions" lead="Each browser or app that acts as you. One that you end is out within five seconds.">
        <Shown asked={sessions}>
          {(all) => (
            <>
              <Rows empty="You are not logged in: this server takes you for who you are without it.">
                {all.map((session) => (
                  <Row
                    key={session.id}
                    title={
                      <>
                        {deviceName(session.device)}
                        {session.current && <span className="ml-2 rounded-full bg-wash px-2 py-0.5 font-normal text-xs">this one</span>}
                      </>
                    }
                    facts={
                      <>
                        by {labelOf(session.method)} · since <When time={session.openedAt} /> · last used <When time={session.usedAt} />
                      </>
                    }
                  >
                    {!session.current && (
                      <Act
                        label="End"
                        act={() => request(`/api/sessions/${encodeURIComponent(session.id)}`, z.unknown(), { method: 'DELETE' })}
                        done={sessions.reload}
                      />
                    )}
                  </Row>
                ))}
              </Rows>
              {all.length > 1 && isLoggedIn && (
                <div className="mt-3">
                  <Act
                    label="End all others"
                    act={() => request('/api/sessions/revoke-others', z.unknown(), { method: 'POST', body: {} })}
                    done={sessions.reload}
                  />
                </div>
              )}
            </>
          )}
        </Shown>
      </Section>
      <Section title="Ways to log in" lead="The accounts elsewhere that lead to you here. Nobody is taken for you by an e-mail address.">
        <Shown asked={logins}>
          {(all) => (
            <Rows empty="None: you do not log in here with an account of another place.">
              {all.map(({ identity, method, account, addedAt }) => (
                <Row
                  key={identity}
                  title={labelOf(method)}
                  facts={
                    <>
                      {account && <>{account} · </>}added <When time={addedAt} />
                    </>
                  }
                >
                  {all.length > 1 && (
                    <Act
                      label="Remove"
                      confirm="Whoever logs in this way from now on is somebody new."
                      act={() => request(`/api/me/logins/${encodeURIComponent(identity)}`, z.unknown(), { method: 'DELETE' })}
                      done={logins.reload}
                    />
                  )}
                </Row>
              ))}
            </Rows>
          )}
        </Shown>
        {isLoggedIn && others.length > 0 && (
          <p className="mt-4 flex flex-wrap items-center gap-2 text-sm">
            <span className="text-dim">Log in another way too:</span>
            {others.map(({ key, label }) => (
              <a key={key} className="pill pill-line" href={addressOf(key, { returnTo, link: true })}>
                {label}
              </a>
            ))}
          </p>
        )}
      </Section>
    </Page>
  );
}
