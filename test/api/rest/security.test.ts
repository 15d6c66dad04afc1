import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeRoles, registerPerson } from '../../../src/commands/person.ts';
import type { SecurityNote } from '../../../src/commands/security-log.ts';
import type { Role } from '../../../src/domain/principal.ts';
import type { SecurityItem } from '../../../src/projections/queries/security-item.ts';
import { administrator, person } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

type Page = { events: (SecurityItem & { range?: string })[]; next?: string };
interface Alert {
  alertId: string;
  rule: string;
  about: string;
  status: string;
  count: number;
  acknowledgedBy: string | null;
  note: string | null;
}

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const tokenOf = async (name: string, roles: Role[]) => bearer((await server.tokens.access({ ...person(name), roles })).token);
const get = async <Body>(path: string, headers: Record<string, string> = {}): Promise<Body> => {
  const answer = await server.call('GET', path, { headers });
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as Body;
};
const note = async (...notes: SecurityNote[]): Promise<void> => {
  const { kernel, disk } = server.installation;
  for (const each of notes) kernel.security.record(each);
  await kernel.security.flush();
  await kernel.refusals.flush();
  const names = kernel.progress.status().map(({ view }) => view);
  await kernel.progress.waitFor(names, await disk.store.head(), { timeoutMs: 10_000 });
};
const failed = (subject: string, address = '203.0.113.7'): SecurityNote => ({
  kind: 'login-failed',
  door: 'POST /auth/password',
  reason: 'WrongPassword',
  subject: person(subject).id,
  address,
  correlationId: `req-${subject}`,
});

describe('security events', () => {
  test('are found by kind, by person, by network and by time, the latest first and page by page', async () => {
    await note(failed('eve'), { ...failed('eve'), reason: '', kind: 'login-succeeded', actor: person('eve').id }, failed('mallory', '198.51.100.1'));
    const kinds = async (search: string) =>
      (await get<Page>(`/api/security/events?${search}`)).events.map(({ kind, subject }) => `${kind} ${subject}`);
    expect(await kinds('person=person_eve')).toEqual(['login-succeeded person_eve', 'login-failed person_eve']);
    expect(await kinds('kind=login-failed&person=person_eve')).toEqual(['login-failed person_eve']);
    const [first] = (await get<Page>('/api/security/events?person=person_eve')).events;
    expect(first).toMatchObject({ door: 'POST /auth/password', correlationId: 'req-eve', range: '203.0.113.0/24', count: 1 });
    expect(await kinds(`network=${first?.network}&person=person_eve`)).toHaveLength(2);
    expect(await kinds(`network=${first?.network}&person=person_mallory`)).toEqual([]);
    expect(await kinds(`to=${first?.time}`)).toEqual([]);
    expect((await kinds(`from=${first?.time}`)).length).toBeGreaterThanOrEqual(3);
    const one = await get<Page>('/api/security/events?limit=1&person=person_eve');
    const two = await get<Page>(`/api/security/events?limit=1&person=person_eve&cursor=${one.next}`);
    expect([...one.events, ...two.events].map(({ kind }) => kind)).toEqual(['login-succeeded', 'login-failed']);
  });

  test('show an auditor pseudonyms, and an administrator, who may have to shut a network out, the network', async () => {
    await note(failed('trent', '192.0.2.77'));
    const seen = await get<Page>('/api/security/events?person=person_trent', await tokenOf('auditor', ['auditor']));
    expect(seen.events).toHaveLength(1);
    expect(JSON.stringify(seen)).not.toContain('192.0.2');
    expect(JSON.stringify(await get<Page>('/api/security/events?person=person_trent'))).toContain('192.0.2.0/24');
    expect((await server.call('GET', '/api/security/events', { headers: await tokenOf('ada', ['member']) })).status).toBe(403);
  });

  test('include what was refused, whose token was none, and who came too often', async () => {
    const ada = await tokenOf('ada', ['member']);
    await server.call('GET', '/api/people', { headers: { ...ada, 'x-request-id': 'asks-for-people' } });
    await server.call('GET', '/api/people', { headers: { ...bearer('a.b.c'), 'x-request-id': 'comes-with-nothing' } });
    for (let visit = 0; visit < 40; visit++) await server.call('POST', '/aui/v1/auth/tokens/anonymous');
    await note();
    const { events } = await get<Page>('/api/security/events?limit=100');
    const of = (kind: string) => events.filter((event) => event.kind === kind);
    expect(of('access-denied')).toContainEqual(
      expect.objectContaining({ actor: 'person_ada', door: 'listPeople', reason: 'Forbidden', correlationId: 'asks-for-people' }),
    );
    expect(of('token-refused')).toContainEqual(
      expect.objectContaining({ door: 'GET /api/people', correlationId: 'comes-with-nothing', actor: 'person_visitors' }),
    );
    const limited = of('rate-limited');
    expect(limited.reduce((sum, { count }) => sum + Number(count), 0)).toBe(10);
    expect(limited[0]).toMatchObject({ door: 'POST /aui/v1/auth/tokens/anonymous', network: expect.stringMatching(/^net_/) });
  });
});

/** Reads frames of an endless answer until one says what is waited for. */
async function readUntil(path: string, seen: (text: string) => boolean, headers: Record<string, string> = {}): Promise<string> {
  const stop = new AbortController();
  const answer = await server.call('GET', path, { headers, signal: stop.signal });
  expect(answer.status).toBe(200);
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (seen(text)) break;
  }
  stop.abort();
  return text;
}

describe('the feed for alerting', () => {
  test('goes on from any place, as events of a stream or as lines, and leaves nothing out', async () => {
    const whole = async (path: string, count: number, headers = {}) => {
      const text = await readUntil(path, (all) => all.split('\n').filter((line) => line.includes('"eventId"')).length >= count, headers);
      return text.split('\n').filter((line) => line.includes('"eventId"'));
    };
    await note(failed('fed'), { ...failed('fed'), reason: 'Unknown' }, { ...failed('fed'), reason: 'Locked' });
    const { events } = await get<Page>('/api/security/events?limit=500');
    const lines = (await whole('/api/security/feed?format=ndjson', events.length)).map((line) => JSON.parse(line));
    expect(lines.map(({ eventId }) => eventId)).toEqual(events.toReversed().map(({ eventId }) => eventId));
    const middle = lines[Math.floor(lines.length / 2)];
    const rest = lines.slice(lines.indexOf(middle) + 1).map(({ eventId }) => eventId);
    const idsOf = (found: string[]) => found.map((line) => JSON.parse(line.replace(/^data: /, '')).eventId);
    expect(idsOf(await whole(`/api/security/feed?after=${middle.cursor}`, rest.length))).toEqual(rest);
    expect(idsOf(await whole('/api/security/feed', rest.length, { 'last-event-id': middle.cursor }))).toEqual(rest);
  });

  test('brings what happens while it is open', async () => {
    await note(failed('early'));
    const { events } = await get<Page>('/api/security/events?limit=1');
    const after = `${server.installation.kernel.epoch}.${events[0]?.position}`;
    const reading = readUntil(`/api/security/feed?after=${after}`, (text) => text.includes('req-late'));
    await note(failed('late'));
    expect(await reading).toContain('"kind":"login-failed"');
  });

  test('ends when the auditor is one no more', { timeout: 20_000 }, async () => {
    const { kernel } = server.installation;
    const { id } = person('former');
    await kernel.tell(administrator, registerPerson({ person: id, via: 'administrator', roles: ['auditor'], profile: {} }));
    const answer = await server.call('GET', '/api/security/feed', { headers: await tokenOf('former', ['auditor']) });
    expect(answer.status).toBe(200);
    await kernel.tell(administrator, changeRoles({ person: id, roles: ['member'] }));
    await note(failed('noise'));
    await answer.text();
  });
});

describe('alerts', () => {
  const alerts = async (about: string, rule?: string): Promise<Alert[]> => {
    await server.installation.kernel.sweep();
    await note();
    const all = (await get<{ alerts: Alert[] }>('/api/security/alerts?limit=500')).alerts;
    return all.filter((alert) => alert.about.includes(about) && (rule === undefined || alert.rule === rule));
  };

  test('are raised once by many failures of one account from many networks, and not by a few', async () => {
    for (let attempt = 0; attempt < 9; attempt++) await note(failed('few', `203.0.${attempt}.1`));
    expect(await alerts('person_few')).toEqual([]);
    for (let attempt = 0; attempt < 25; attempt++) await note(failed('many', `203.1.${attempt}.1`));
    expect(await alerts('person_many')).toMatchObject([{ rule: 'failures-of-account', status: 'open' }]);
    await note(failed('many', '203.2.0.1'));
    expect(await alerts('person_many')).toHaveLength(1);
  });

  test('are raised by many failures from one network, whosever accounts they are about', async () => {
    for (let attempt = 0; attempt < 31; attempt++) await note(failed(`victim${attempt}`, '198.18.7.7'));
    await until(async () => (await alerts('net_', 'failures-from-network')).length === 1);
  });

  test('are raised by one token that was used twice, and by an administrator who read what is another’s', async () => {
    await note({ kind: 'token-reused', door: 'POST /auth/refresh', subject: person('stolen').id });
    server.installation.kernel.refusals.shown(administrator, [person('shown').id], 'getPerson', 'person_shown');
    server.installation.kernel.refusals.shown(administrator, [person('shown').id], 'listPeople', 'people');
    await note();
    expect(await alerts('person_stolen')).toMatchObject([{ rule: 'token-reused' }]);
    expect(await alerts('person_shown')).toMatchObject([{ rule: 'others-data-read', about: `person_shown/${administrator.id}` }]);
  });

  test('are acknowledged by an administrator, with a note, and stand in the feed', async () => {
    for (let attempt = 0; attempt < 10; attempt++) await note(failed('known', `203.5.${attempt}.1`));
    const [alert] = await alerts('person_known');
    const path = `/api/security/alerts/${alert?.alertId}/acknowledge`;
    expect((await server.call('POST', path, { body: {}, headers: await tokenOf('auditor', ['auditor']) })).status).toBe(403);
    expect((await server.call('POST', path, { body: { note: 'a test of ours' } })).status).toBe(200);
    expect(await alerts('person_known')).toMatchObject([{ status: 'acknowledged', acknowledgedBy: 'person_local', note: 'a test of ours' }]);
    const raised = await get<Page>('/api/security/events?kind=alert-raised&limit=100');
    expect(raised.events.map(({ target }) => target)).toContain(alert?.alertId);
    expect((await server.call('POST', `/api/security/alerts/alert_${'0'.repeat(32)}/acknowledge`, { body: {} })).status).toBe(404);
  });

  test('are the same, each once, when several processes find them', async () => {
    const { kernel } = server.installation;
    for (let attempt = 0; attempt < 12; attempt++) await note(failed('raced', `203.9.${attempt}.1`));
    await Promise.all([kernel.sweep(), kernel.sweep(), kernel.sweep()]);
    expect(await alerts('person_raced')).toHaveLength(1);
  });
});
