import { afterAll, beforeAll, expect, test } from 'vitest';
import { START } from '../../src/adapters/event-store/port.ts';
import * as conversation from '../../src/commands/conversation.ts';
import { changeRoles, createToken, disablePerson, registerPerson } from '../../src/commands/person.ts';
import type { ConversationId } from '../../src/domain/ids.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { listAudit } from '../../src/projections/queries/audit.ts';
import { administrator, type Installation, person, startAnnals } from '../harness/memory-annals.ts';

const [ada, bob] = [person('ada'), person('bob')];
const auditor: Principal = { ...person('auditor'), roles: ['auditor'] };
let installation: Installation;
let thread: ConversationId;
let bobs: ConversationId;

type Wanted = Parameters<typeof listAudit>[0];

const ask = async (wanted: Wanted, who = auditor) => {
  await installation.kernel.refusals.flush();
  return installation.kernel.ask(who, listAudit(wanted), { after: await installation.disk.store.head() });
};
const entries = async (wanted: Wanted) => {
  const asked = await ask(wanted);
  if (!asked.ok) throw new Error(asked.error.code);
  return asked.data.entries;
};
const started = async (who: Principal): Promise<ConversationId> => {
  const told = await installation.kernel.tell(who, conversation.startConversation({ title: 'Mandrake' }), { correlationId: `start-${who.id}` });
  if (!told.ok) throw new Error(told.error.code);
  return told.result.conversationId;
};

beforeAll(async () => {
  installation = await startAnnals();
  const { kernel, clock } = installation;
  thread = await started(ada);
  bobs = await started(bob);
  clock.now = new Date('2026-01-02T00:00:00.000Z');
  await kernel.tell(ada, conversation.renameConversation({ conversationId: thread, title: 'Mandrake root' }));
  await kernel.tell(bob, conversation.renameConversation({ conversationId: thread, title: 'Mine now' }));
  kernel.refusals.shown(administrator, [ada.id], 'listPeople', thread);
  await kernel.tell(administrator, createToken({ person: bob.id, tokenId: 'token-1', scopes: [] }));
});
afterAll(() => installation.stop());

test('what somebody did is found by who did it, on what, as what, and when', async () => {
  const [renamed] = await entries({ action: 'ConversationRenamed' });
  expect(renamed).toMatchObject({
    actor: ada.id,
    subject: ada.id,
    outcome: 'done',
    resource: `conversation-${thread}`,
    stream: `conversation-${thread}`,
    time: '2026-01-02T00:00:00.000Z',
  });
  expect((await entries({ resource: thread, outcome: 'done' })).map(({ action }) => action)).toEqual(['ConversationRenamed', 'ConversationStarted']);
  expect(await entries({ resource: `conversation-${thread}` })).toEqual(await entries({ resource: thread }));
  expect((await entries({ correlationId: `start-${bob.id}` })).map(({ resource }) => resource)).toEqual([`conversation-${bobs}`]);
  const early = await entries({ to: '2026-01-02T00:00:00.000Z' });
  const late = await entries({ from: '2026-01-02T00:00:00.000Z' });
  expect(early.map(({ action }) => action)).toEqual(['ConversationStarted', 'ConversationStarted']);
  expect([...late, ...early]).toEqual(await entries({}));
});

test('a refusal is found with the command that was refused, and a reading with whose data was read', async () => {
  expect(await entries({ outcome: 'refused', person: bob.id })).toEqual([
    expect.objectContaining({ actor: bob.id, action: 'renameConversation', resource: `conversation-${thread}`, type: 'AccessRefused' }),
  ]);
  const reading = expect.objectContaining({ actor: administrator.id, subject: ada.id, action: 'listPeople', outcome: 'read' });
  expect(await entries({ outcome: 'read' })).toEqual([reading]);
  expect(await entries({ person: ada.id, as: 'subject', action: 'listPeople' })).toEqual([reading]);
  expect((await entries({ resource: thread })).map(({ outcome }) => outcome).toSorted()).toEqual(['done', 'done', 'read', 'refused']);
});

test('a person is found as the one who did it and as the one it was done to, page by page without a gap', async () => {
  const all = await entries({ person: bob.id });
  expect(all.map(({ action }) => action)).toEqual(['TokenCreated', 'renameConversation', 'ConversationStarted']);
  expect((await entries({ person: bob.id, as: 'actor' })).length).toBe(2);
  const paged: typeof all = [];
  let cursor: string | undefined;
  do {
    const page = await ask({ person: bob.id, limit: 1, ...(cursor === undefined ? {} : { cursor }) });
    if (!page.ok) throw new Error(page.error.code);
    paged.push(...page.data.entries);
    cursor = page.data.next;
  } while (cursor !== undefined);
  expect(paged).toEqual(all);
});

test('whoever watches is told of everything once, in the order in which it happened', async () => {
  const seen: Awaited<ReturnType<typeof entries>>[number][] = [];
  let after = START;
  for (;;) {
    const page = await ask({ after, limit: 2 });
    if (!page.ok) throw new Error(page.error.code);
    seen.push(...page.data.entries);
    after = page.data.next ?? after;
    if (page.data.entries.length === 0) break;
  }
  expect(seen).toEqual((await entries({})).toReversed());
  await started(person('eve'));
  const news = await ask({ after, person: person('eve').id });
  expect(news.ok && news.data.entries.map(({ action }) => action)).toEqual(['ConversationStarted']);
});

test('a change of what somebody may do says how it was before, and a login or its failure is found as what it is', async () => {
  const { kernel, disk } = installation;
  const eve = person('eve-who-changes');
  const of = { person: eve.id };
  await kernel.tell(administrator, registerPerson({ ...of, via: 'administrator', roles: ['member'], profile: {} }));
  await kernel.tell(administrator, changeRoles({ ...of, roles: ['auditor'] }), { correlationId: 'grants' });
  await kernel.tell(administrator, disablePerson(of));
  kernel.security.record({ kind: 'login-failed', door: 'POST /auth/password', reason: 'WrongPassword', subject: eve.id, correlationId: 'fails' });
  kernel.security.record({ kind: 'login-succeeded', door: 'POST /auth/password', actor: eve.id, target: 'session_1' });
  await kernel.security.flush();
  expect(await disk.store.head()).toBeTruthy();
  expect(await entries({ correlationId: 'grants' })).toMatchObject([
    { actor: administrator.id, subject: eve.id, action: 'RolesChanged', before: ['member'], after: { roles: ['auditor'] } },
  ]);
  expect(await entries({ person: eve.id, action: 'PersonDisabled' })).toMatchObject([{ before: { disabled: false }, after: { disabled: true } }]);
  expect(await entries({ correlationId: 'fails' })).toMatchObject([
    {
      actor: 'person_visitors',
      subject: eve.id,
      action: 'login-failed',
      outcome: 'refused',
      after: { door: 'POST /auth/password', reason: 'WrongPassword' },
    },
  ]);
  expect(await entries({ person: eve.id, action: 'login-succeeded' })).toMatchObject([{ actor: eve.id, outcome: 'done', resource: 'session_1' }]);
});

test('nobody’s text is in it', async () => {
  expect(JSON.stringify(await entries({}))).not.toMatch(/Mandrake|Mine now|sealed/);
});

test('it is for auditors and administrators', async () => {
  expect((await ask({}, administrator)).ok).toBe(true);
  for (const who of [ada, person('visitor', 'anonymous'), { ...ada, roles: ['viewer'] }, { ...ada, roles: ['analyst'] }] as Principal[])
    expect(await ask({}, who)).toMatchObject({ ok: false, error: { code: 'Forbidden' } });
});
