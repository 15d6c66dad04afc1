import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { administrator, person, readRun, textOf } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

let server: TestServer;
let ada: Record<string, string>;
let bob: Record<string, string>;
let admin: Record<string, string>;
beforeAll(async () => {
  server = await startServer();
  const of = async (who: Parameters<typeof server.tokens.access>[0]) => bearer((await server.tokens.access(who)).token);
  [ada, bob, admin] = [await of(person('ada')), await of(person('bob')), await of(administrator)];
});
afterAll(() => server.stop());

async function call(headers: Record<string, string>, method: string, path: string, body?: unknown) {
  const answer = await server.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
  return { status: answer.status, json: await answer.json() };
}
const saying = (text: string, ...names: string[]) => ({
  title: 'Mine',
  arguments: names.map((name) => ({ name, required: true })),
  messages: [{ role: 'user', content: { type: 'text', text } }],
});
let count = 0;
async function make(who: Record<string, string>, content: object, name = `p${++count}`): Promise<{ path: string; promptId: string; name: string }> {
  const { status, json } = await call(who, 'POST', '/api/prompts', { name, content });
  expect(status, JSON.stringify(json)).toBe(201);
  return { path: `/api/prompts/${json.promptId}`, promptId: json.promptId, name };
}
const names = (json: { prompts: { name: string }[] }): string[] => json.prompts.map(({ name }) => name);

test('a prompt is made, changed, pinned, rolled back, compared, put away and deleted', async () => {
  const { path, name } = await make(ada, saying('one {{x}}', 'x'));
  expect((await call(ada, 'PUT', path, { content: saying('two {{x}}', 'x') })).json).toEqual({ version: 2 });
  expect((await call(ada, 'GET', path)).json).toMatchObject({ name, source: 'own', version: 2, latest: 2, pinned: null, uses: 0, shadowed: false });
  await call(ada, 'PUT', `${path}/pin`, { version: 1 });
  const said = async (body: object) => (await call(ada, 'POST', `${path}/expand`, body)).json.messages?.[0].content.text;
  expect(await said({ arguments: { x: '{{x}}' } })).toBe('one {{x}}');
  expect(await said({ arguments: { x: '1' }, version: 2 })).toBe('two 1');
  await call(ada, 'PUT', `${path}/pin`, { version: null });
  expect((await call(ada, 'POST', `${path}/rollback`, { version: 1 })).json).toEqual({ version: 3 });
  expect(await said({ arguments: { x: '1' } })).toBe('one 1');
  const { json: history } = await call(ada, 'GET', `${path}/versions`);
  expect(history.versions.map(({ version, rolledBackTo }: { version: number; rolledBackTo: number }) => [version, rolledBackTo])).toEqual([
    [3, 1],
    [2, null],
    [1, null],
  ]);
  expect((await call(ada, 'GET', `${path}/versions/3`)).json.content.messages[0].content.text).toBe('one {{x}}');
  const { json: compared } = await call(ada, 'GET', `${path}/diff?from=2&to=3`);
  expect(compared.lines.filter(({ change }: { change: string }) => change !== 'same')).toEqual([
    { change: 'removed', line: 'two {{x}}' },
    { change: 'added', line: 'one {{x}}' },
  ]);
  await call(ada, 'POST', `${path}/archive`);
  expect(names((await call(ada, 'GET', '/api/prompts?source=own')).json)).not.toContain(name);
  expect(names((await call(ada, 'GET', '/api/prompts?source=own&state=archived')).json)).toContain(name);
  expect((await call(ada, 'POST', '/api/prompts/expand', { name })).status).toBe(404);
  await call(ada, 'POST', `${path}/unarchive`);
  expect((await call(ada, 'PUT', `${path}/name`, { name: `${name}-new` })).status).toBe(200);
  expect((await call(ada, 'POST', '/api/prompts/expand', { name: `${name}-new`, arguments: { x: '2' } })).json.messages[0].content.text).toBe(
    'one 2',
  );
  expect((await call(ada, 'DELETE', path)).status).toBe(200);
  expect((await call(ada, 'GET', path)).status).toBe(404);
});

test('what a prompt is called and says stands nowhere in the clear, and cannot be read once it is deleted', async () => {
  const { path, promptId } = await make(ada, saying('secret-text-of-ada'), 'secret-name-of-ada');
  const { store, documents, vault } = server.installation.disk;
  const events: unknown[] = [];
  for await (const event of store.read('prompts-person_ada')) events.push(event.data);
  const { documents: all } = await documents.find('prompts@1', {});
  const { documents: versions } = await documents.find('prompt-versions@1', {});
  const stored = JSON.stringify([events, all.map(({ doc }) => doc), versions.map(({ doc }) => doc)]);
  expect(stored).toContain(promptId);
  for (const secret of ['secret-text-of-ada', 'secret-name-of-ada']) expect(stored).not.toContain(secret);
  await call(ada, 'DELETE', path);
  await until(async () => await vault.isDestroyed({ subject: 'person_ada', scope: promptId }));
});

test('one name is one prompt of its owner’s, and of others another', async () => {
  const { name } = await make(ada, saying('ada’s'));
  expect(await call(ada, 'POST', '/api/prompts', { name, content: saying('x') })).toMatchObject({ status: 409, json: { code: 'NameTaken' } });
  await make(bob, saying('bob’s'), name);
  for (const [who, text] of [
    [ada, 'ada’s'],
    [bob, 'bob’s'],
  ] as const)
    expect((await call(who, 'POST', '/api/prompts/expand', { name })).json.messages[0].content.text).toBe(text);
});

test('an administrator shows a prompt to everybody; one’s own comes before it, it before the system’s', async () => {
  const { path, promptId } = await make(admin, saying('for all'), 'summarize');
  const bobs = async () => (await call(bob, 'POST', '/api/prompts/expand', { name: 'summarize', arguments: { text: 'x' } })).json.source;
  expect(await bobs()).toBe('system');
  expect((await call(admin, 'PUT', `${path}/visibility`, { visibility: 'everyone' })).status).toBe(200);
  await until(async () => (await bobs()) === 'shared');
  expect((await call(bob, 'GET', path)).json).toMatchObject({ id: promptId, source: 'shared', uses: null, visibility: null });
  expect((await call(bob, 'PUT', path, { content: saying('taken over') })).status).toBe(404);
  expect((await call(bob, 'GET', `${path}/versions`)).status).toBe(404);
  await make(bob, saying('mine'), 'summarize');
  expect(await bobs()).toBe('own');
  const { json } = await call(bob, 'GET', '/api/prompts?search=summar');
  expect(json.prompts.map(({ source, shadowed }: { source: string; shadowed: boolean }) => [source, shadowed]).sort()).toEqual([
    ['own', false],
    ['shared', true],
    ['system', true],
  ]);
  expect((await call(bob, 'GET', '/api/prompts?search=summar&usable=true')).json.prompts).toHaveLength(1);
});

test('a list of prompts is read page by page, each once, by name', async () => {
  const made = await Promise.all(Array.from({ length: 23 }, () => make(bob, saying('x'))));
  const all: string[] = [];
  let cursor = '';
  do {
    const { json } = await call(bob, 'GET', `/api/prompts?limit=7${cursor && `&cursor=${cursor}`}`);
    expect(json.prompts.length).toBeLessThanOrEqual(7);
    all.push(...names(json));
    cursor = json.next ?? '';
  } while (cursor !== '');
  expect(all).toEqual(all.toSorted());
  for (const { name } of made) expect(all.filter((each) => each === name)).toEqual([name]);
  expect((await call(bob, 'GET', '/api/prompts?cursor=AAAA')).status).toBe(400);
});

describe('in a chat', () => {
  const { kernel } = { kernel: () => server.installation.kernel };
  const me = person('ada');
  async function say(text: string, conversationId?: string) {
    const id = conversationId ?? (await call(ada, 'POST', '/api/conversations', {})).json.conversationId;
    const { status, json } = await call(ada, 'POST', `/api/conversations/${id}/messages`, { parts: [{ type: 'text', text }] });
    const answer = json.runId === undefined ? '' : textOf(await readRun(kernel(), me, id, json.runId));
    return { status, json, answer, conversationId: id };
  }
  test('a prompt is called by its name: the model is told what it says, and the person sees what was typed', async () => {
    const { name, path, promptId } = await make(ada, saying('/echo You said {{what}}.', 'what'));
    const first = await say(`/${name} what="good morning"`);
    expect(first.answer).toBe('You said good morning.');
    const { json } = await call(ada, 'GET', `/api/conversations/${first.conversationId}/messages/${first.json.messageId}`);
    expect(json.parts).toEqual([{ type: 'text', text: `/${name} what="good morning"` }]);
    expect(json.prompt).toMatchObject({ promptId, version: 1, name, values: { what: 'good morning' } });
    await call(ada, 'PUT', path, { content: saying('/echo Changed {{what}}', 'what') });
    expect((await say(`/${name} now`)).answer).toBe('Changed now');
    await call(ada, 'DELETE', path);
    const { json: again } = await call(ada, 'POST', `/api/conversations/${first.conversationId}/messages/${first.json.messageId}/reply`, {});
    expect(textOf(await readRun(kernel(), me, first.conversationId, again.runId))).toBe('You said good morning.');
  });
  test('a prompt that lacks an argument is not sent, and says which', async () => {
    const { name } = await make(ada, saying('{{a}} {{b}}', 'a', 'b'));
    const refused = await say(`/${name} a=1`);
    expect(refused).toMatchObject({ status: 422, json: { code: 'PromptArgumentsMissing', details: { missing: ['b'] } } });
    expect(refused.json.detail).toContain(`/${name} b="…"`);
  });
  test('what names no prompt is a message like any other, and the demonstration’s directives are left to it', async () => {
    expect((await say('/nobody-knows-this x')).answer).toContain('/nobody-knows-this x');
    expect((await say('/echo as ever')).answer).toBe('as ever');
  });
  test('using a prompt counts', async () => {
    const { name, path } = await make(ada, saying('/echo x'));
    await say(`/${name}`);
    await say(`/${name}`);
    await until(async () => (await call(ada, 'GET', path)).json.uses === 2);
  });
  test('a repeat under the same key is the same message, though the prompt has changed meanwhile', async () => {
    const { name, path } = await make(ada, saying('/echo before'));
    const { json } = await call(ada, 'POST', '/api/conversations', {});
    const send = () =>
      call({ ...ada, 'idempotency-key': 'k1' }, 'POST', `/api/conversations/${json.conversationId}/messages`, {
        parts: [{ type: 'text', text: `/${name}` }],
      });
    const first = await send();
    await call(ada, 'DELETE', path);
    expect(await send()).toEqual(first);
  });
});

describe('a prompt that is shared', () => {
  const share = (who: Record<string, string>, promptId: string, grantee: string, level = 'view') =>
    call(who, 'PUT', `/api/shares/prompt/${promptId}/${grantee}`, { level });
  const unshare = (who: Record<string, string>, promptId: string, grantee: string) =>
    call(who, 'DELETE', `/api/shares/prompt/${promptId}/${grantee}`);
  const isThere = async (who: Record<string, string>, { path, name }: { path: string; name: string }) => {
    const [got, expanded] = await Promise.all([call(who, 'GET', path), call(who, 'POST', '/api/prompts/expand', { name })]);
    expect(got.status).toBe(expanded.status);
    return got.status === 200 && got.json.source;
  };
  test('with a person is used by that person and nobody else, until it is shared no more', async () => {
    const made = await make(ada, saying('Shared words.'));
    const cid = bearer((await server.tokens.access(person('cid'))).token);
    expect(await isThere(bob, made)).toBe(false);
    expect((await share(ada, made.promptId, 'person_bob')).status).toBe(200);
    await until(async () => (await isThere(bob, made)) === 'shared');
    expect(await isThere(cid, made)).toBe(false);
    expect((await call(bob, 'GET', made.path)).json).toMatchObject({ uses: null, visibility: null });
    const { json: sent } = await call(bob, 'POST', '/api/conversations', {});
    const parts = [{ type: 'text', text: `/${made.name}` }];
    const told = (await call(bob, 'POST', `/api/conversations/${sent.conversationId}/messages`, { parts, reply: true })).json;
    const { kernel } = server.installation;
    expect(textOf(await readRun(kernel, person('bob'), sent.conversationId, told.runId))).toContain('Shared words.');
    expect((await call(ada, 'GET', `/api/shares/prompt/${made.promptId}`)).json.shares).toMatchObject([{ with: 'person_bob', level: 'view' }]);
    expect((await call(bob, 'GET', '/api/shared-with-me?kind=prompt')).json.shares).toContainEqual(
      expect.objectContaining({ resource: made.promptId }),
    );
    expect((await unshare(ada, made.promptId, 'person_bob')).status).toBe(200);
    expect(await isThere(bob, made)).toBe(false);
  });
  test('with a role is used by all who have it; each may leave, and what is deleted is gone for all', async () => {
    const made = await make(ada, saying('For members.'));
    await share(ada, made.promptId, 'member');
    await share(ada, made.promptId, 'person_bob');
    const dan = bearer((await server.tokens.access(person('dan'))).token);
    await until(async () => (await isThere(dan, made)) === 'shared');
    expect((await unshare(bob, made.promptId, 'person_bob')).status).toBe(200);
    expect((await unshare(dan, made.promptId, 'member')).status).toBe(404);
    await call(ada, 'DELETE', made.path);
    await until(async () => (await isThere(dan, made)) === false);
    await until(async () => (await call(dan, 'GET', '/api/shared-with-me?kind=prompt')).json.shares.length === 0);
  });
  test('is shared by its owner alone, to be used', async () => {
    const made = await make(ada, saying('Mine.'));
    await make(bob, saying('So that there is a shelf.'));
    for (const other of [bob, admin]) {
      expect((await share(other, made.promptId, 'person_cid')).status).toBe(404);
      expect((await call(other, 'GET', `/api/shares/prompt/${made.promptId}`)).status).toBe(404);
    }
    expect((await share(ada, made.promptId, 'person_bob', 'edit')).json).toMatchObject({ code: 'ViewOnly' });
    await share(ada, made.promptId, 'person_bob');
    await until(async () => (await isThere(bob, made)) === 'shared');
    expect((await share(bob, made.promptId, 'person_cid')).status).toBe(404);
    expect((await call(bob, 'PUT', made.path, { content: saying('Changed.') })).status).toBe(404);
    expect((await call(bob, 'GET', `${made.path}/versions`)).status).toBe(404);
  });
});
