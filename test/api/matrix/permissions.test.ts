import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyCommand } from '../../../src/commands/command.ts';
import { commands } from '../../../src/commands/index.ts';
import { changeRoles } from '../../../src/commands/person.ts';
import { changeRole, defineRole, removeRole } from '../../../src/commands/role.ts';
import type { PersonId, RoleId } from '../../../src/domain/ids.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { switchedOff } from '../../../src/main/switches.ts';
import { readSettings } from '../../../src/settings.ts';
import { eventsOf } from '../../harness/chat.ts';
import { administrator } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';
import { bearer, startServer } from '../http/start-server.ts';
import { inputOf } from './inputs.ts';
import { createWorld, OWNER, type Things, type World } from './world.ts';

let world: World;
let things: Things;
const owner: Principal = { id: OWNER, kind: 'person', roles: ['member'] };
beforeAll(async () => {
  world = await createWorld();
  things = await world.things({ run: true, key: true, role: true, invitation: true, job: true, tools: true, prompt: true });
});
afterAll(() => world.server.stop());
const status = async (...args: Parameters<World['call']>): Promise<number> => {
  const response = await world.call(...args);
  await response.body?.cancel();
  return response.status;
};

const HOSTILE = ['userId', 'ownerId', 'owner', 'role', '_id', 'isAdmin', 'version', 'position', 'createdAt', 'subject', 'actor', 'allowed_routes'];

describe('what a body says beside what it may', () => {
  test.each(Object.entries(commands) as [string, AnyCommand][])('changes nothing of %s, and nothing of anything else', (name, { input }) => {
    const valid = inputOf(name, input, things, owner);
    const declared = new Set(Object.keys((input as unknown as { shape: object }).shape));
    const hostile = fc.dictionary(fc.constantFrom(...HOSTILE.filter((field) => !declared.has(field))), fc.jsonValue());
    fc.assert(
      fc.property(hostile, fc.boolean(), (fields, polluting) => {
        const body = JSON.stringify({ ...fields, ...valid });
        const sent = JSON.parse(polluting ? body.replace('{', `{"__proto__":{"isAdmin":true}${body === '{}' ? '' : ','}`) : body) as object;
        const parsed = input.safeParse(sent);
        if (parsed.success) expect(JSON.stringify(parsed.data)).toBe(JSON.stringify(input.parse(valid)));
        expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
      }),
      { numRuns: 20 },
    );
  });

  test('makes nobody else the owner of what is made', async () => {
    const hostile = Object.fromEntries(HOSTILE.map((field) => [field, 'person_other']));
    const made = (await (await world.call('POST', '/api/conversations', 'owner', { title: 'mine', ...hostile })).json()) as {
      conversationId: string;
    };
    const [first] = await eventsOf(world.server.installation.disk, `conversation-${made.conversationId}`);
    expect(first?.metadata).toMatchObject({ actor: OWNER, subject: OWNER });
  });
});

describe('ids', () => {
  test('that nobody gave out are not there, a thousand of them', async () => {
    const before = await world.events();
    const kinds = ['conversations/thread_', 'runs/run_', 'files/file-', 'provider-keys/pkey_', 'shares/memory/mem'];
    for (let count = 0; count < 200; count++) {
      const random = crypto.randomUUID().replaceAll('-', '');
      // A connection that the server has closed meanwhile, because it was idle, is opened again.
      const probe = (kind: string) => status('GET', `/api/${kind}${random}`, 'other');
      const found = await Promise.all(kinds.map((kind) => probe(kind).catch(() => probe(kind))));
      expect(found).toEqual([404, 404, 404, 404, 404]);
    }
    expect(await world.events()).toBe(before);
  }, 120_000);

  test('of others in a body are not there: parents, messages, runs', async () => {
    const { conversationId } = (await (await world.call('POST', '/api/conversations', 'other', {})).json()) as { conversationId: string };
    const text = [{ type: 'text', text: 'x' }];
    const path = `/api/conversations/${conversationId}`;
    const { messageId } = things;
    const answers = [
      await status('POST', `${path}/messages`, 'other', { parts: text, parentId: messageId, reply: false }),
      await status('POST', `${path}/messages/append`, 'other', { parts: text, role: 'user', parentId: messageId }),
      await status('POST', `${path}/messages/${messageId}/reply`, 'other', {}),
      await status('PUT', `${path}/branch`, 'other', { messageId }),
      await status('PUT', `${path}/messages/${messageId}/content`, 'other', { parts: text }),
      await status('GET', `${path}/runs/${things.runId}/stream`, 'other'),
    ];
    expect(answers).toEqual([404, 404, 404, 404, 404, 404]);
  });
});

test('a credential counts in the one place where it belongs, and for the same there whatever the door', async () => {
  const token = world.bearers.get('ownerReads') ?? '';
  const { conversationId } = things;
  const places: [string, Record<string, string>][] = [
    ['', { 'x-api-key': token }],
    ['', { cookie: `token=${token}; access_token=${token}` }],
    [`?token=${token}&access_token=${token}&api_key=${token}`, {}],
    ['', { 'x-user-id': OWNER }],
  ];
  for (const [search, headers] of places)
    expect((await fetch(`${world.server.url}/api/conversations/${conversationId}${search}`, { headers })).status).toBe(401);
  for (const [path, rename] of [
    [`/api/conversations/${conversationId}`, 'PUT /title'],
    [`/aui/v1/threads/${conversationId}`, 'PUT '],
  ] as const) {
    expect(await status('GET', path, 'ownerReads')).toBe(200);
    expect(await status('PUT', path + rename.slice(4), 'ownerReads', { title: 'new' })).toBe(403);
  }
});

describe('a made role', () => {
  const person = 'person_maker' as PersonId;
  const me = async () => world.principalOf('maker');

  test('counts as it is now, within five seconds, and ends what was open under it', async () => {
    const { kernel } = world.server.installation;
    const permissions = [{ resource: 'conversation', action: 'create', condition: 'own' } as const];
    const made = await kernel.tell(administrator, defineRole({ title: 'short', description: '', permissions }));
    if (!made.ok) throw new Error(made.error.message);
    const { role } = made.result;
    await kernel.tell(administrator, changeRoles({ person, roles: [role] }));
    await until(async () => (await me())?.roles.includes(role) === true && (await status('POST', '/api/conversations', 'maker', {})) === 201);
    const stream = await fetch(`${world.server.url}/api/events`, { headers: bearer(world.bearers.get('maker') ?? '') });
    expect(stream.status).toBe(200);
    const ended = stream.text().catch(() => undefined);
    await kernel.tell(administrator, changeRole({ role, permissions: [{ resource: 'conversation', action: 'view', condition: 'own' }] }));
    await ended;
    expect(await status('POST', '/api/conversations', 'maker', {})).toBe(403);
    expect(await status('GET', '/api/conversations', 'maker')).toBe(200);
    await kernel.tell(administrator, removeRole({ role: role as RoleId }));
    await until(async () => (await status('GET', '/api/conversations', 'maker')) === 403);
  });

  test('never holds what its giver does not: administrators read no conversations of others, so no role does', async () => {
    const role = (permission: object) => status('POST', '/api/roles', 'administrator', { title: 'x', permissions: [permission] });
    expect(await role({ resource: 'conversation', action: 'view', condition: 'all' })).toBe(403);
    expect(await role({ resource: 'person', action: 'manage', condition: 'all' })).toBe(403);
    expect(await role({ resource: 'audit', action: 'view', condition: 'all' })).toBe(201);
  });

  test('takes the administrator’s role from nobody who gives it to oneself', async () => {
    expect(await status('PUT', '/api/people/person_administrator/roles', 'administrator', { roles: ['member'] })).toBe(422);
  });
});

test('what is switched off is refused at its door, and what was shared before goes on until it is ended', async () => {
  const read = readSettings({ ANNALS_SHARING: 'off' }, {}, 'test');
  if (!read.ok) throw new Error(read.message);
  const server = await startServer({ annals: { switchedOff: switchedOff(read.settings) } });
  const { conversationId } = (await (await server.call('POST', '/api/conversations', { body: {} })).json()) as { conversationId: string };
  const path = `/api/conversations/${conversationId}/shares/person_bob`;
  expect((await server.call('PUT', path, { body: { level: 'view' } })).status).toBe(403);
  expect((await server.call('DELETE', path)).status).toBe(200);
  await server.stop();
});
