import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { discoverProviders } from '../../src/adapters/model-provider/discover.ts';
import { createModels } from '../../src/adapters/model-provider/models.ts';
import { sendMessage } from '../../src/commands/conversation.ts';
import { changeProviderKey, registerProviderKey, removeProviderKey, rotateProviderKey } from '../../src/commands/provider-key.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { type KeyScopes, keyringStream, usualRotation } from '../../src/domain/provider-key.ts';
import { getProviderKey } from '../../src/projections/queries/provider-keys.ts';
import { type RawServer, serve, streamFrames } from '../adapters/model-provider/raw-server.ts';
import { openaiWire } from '../adapters/model-provider/wires.ts';
import { endOf, eventsOf, settled, startThread } from '../harness/chat.ts';
import { installations } from '../harness/installations.ts';
import { administrator, type Installation, person } from '../harness/memory-annals.ts';
import { until } from '../harness/until.ts';

const start = installations();
const [ada, bob] = [person('ada'), person('bob')];
const ENVIRONMENTS = 'sk-of-the-environment-0001';
const ORGANISATIONS = 'sk-of-the-organisation-0002';
const ADAS = 'sk-of-ada-herself-0003';

/** The installation's own server, and one of somebody else. */
let ours: RawServer;
let theirs: RawServer;
const refused = new Set<string>();
const answering = (model: string) =>
  serve((request, response) => {
    const key = String(request.headers.authorization ?? '');
    if ([...refused].some((each) => key.includes(each))) {
      response.writeHead(401, { 'content-type': 'application/json' }).end(openaiWire.error(401, 'no such key'));
      return;
    }
    if (request.url === '/v1/models') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ object: 'list', data: [{ id: model }] }));
      return;
    }
    streamFrames(response, [...openaiWire.begin(), openaiWire.text('Hi'), ...openaiWire.end('stop')]);
  });
beforeAll(async () => {
  [ours, theirs] = [await answering('of-ours'), await answering('of-theirs')];
});
afterAll(() => Promise.all([ours.close(), theirs.close()]));
beforeEach(() => {
  for (const { headers } of [ours, theirs]) headers.length = 0;
  refused.clear();
});

const keysAt = ({ headers }: RawServer): (string | undefined)[] =>
  headers.map(({ authorization }) => authorization && String(authorization).replace('Bearer ', ''));

async function withKeys(
  settings: { OPENAI_API_KEY?: string; ANTHROPIC_API_KEY?: string } = { OPENAI_API_KEY: ENVIRONMENTS },
  privateAddresses = true,
) {
  const found = await discoverProviders({ ...settings, OPENAI_BASE_URL: `${ours.url}/v1`, ANNALS_MODEL: 'demo/demo' }, { localServers: [] });
  const clock = { now: new Date('2026-01-01T00:00:00.000Z') };
  return start({ models: createModels({ ...found, settings: { retries: 0 } }), clock, privateAddresses });
}

const register = async ({ kernel }: Installation, who: Principal, fields: object): Promise<string> => {
  const told = await kernel.tell(
    who,
    registerProviderKey({ owner: 'self', provider: 'openai', description: '', scopes: {}, rotation: usualRotation, ...fields }),
  );
  if (!told.ok) throw new Error(told.error.message);
  return told.result.keyId;
};
const forAll = (installation: Installation, fields: object = {}) =>
  register(installation, administrator, { owner: 'organisation', apiKey: ORGANISATIONS, ...fields });

/** Asks a model once; how that ended. */
async function ask({ kernel, disk }: Installation, who: Principal, { model = 'openai/gpt-5.5', thread }: { model?: string; thread?: string } = {}) {
  const conversationId = (thread ?? (await startThread(kernel, who))) as Awaited<ReturnType<typeof startThread>>;
  const told = await kernel.tell(
    who,
    sendMessage({ conversationId, parts: [{ type: 'text', text: 'Hello' }], reply: true, onActive: 'refuse', model }),
  );
  if (!told.ok || !told.result.runId) throw new Error(JSON.stringify(told));
  await settled(kernel, { conversationId, runId: told.result.runId });
  return endOf(disk, told.result.runId);
}

describe('the key that a call is made with', () => {
  test('is the person’s own, else the organisation’s, else the environment’s', async () => {
    const installation = await withKeys();
    await ask(installation, ada);
    await forAll(installation);
    await ask(installation, ada);
    const keyId = await register(installation, ada, { apiKey: ADAS });
    await ask(installation, ada);
    await ask(installation, bob);
    await installation.kernel.tell(ada, removeProviderKey({ keyId }));
    expect((await ask(installation, ada)).outcome).toBe('completed');
    expect(keysAt(ours)).toEqual([ENVIRONMENTS, ORGANISATIONS, ADAS, ORGANISATIONS, ORGANISATIONS]);
  });

  test('is not needed from the environment', async () => {
    const installation = await withKeys({});
    const anthropic = await ask(installation, ada, { model: 'anthropic/claude' });
    expect(anthropic).toMatchObject({ outcome: 'failed', error: { code: 'Unauthorized' } });
    await register(installation, ada, { provider: 'anthropic', apiKey: ADAS, baseUrl: theirs.url });
    await ask(installation, ada, { model: 'anthropic/claude' });
    expect(JSON.stringify(theirs.headers)).toContain(ADAS);
  });

  test('goes by its scopes, and what they do not allow falls to the next', async () => {
    const installation = await withKeys();
    const thread = await startThread(installation.kernel, ada);
    const scopes = (given: KeyScopes) => installation.kernel.tell(ada, changeProviderKey({ keyId, scopes: given }));
    const keyId = await register(installation, ada, { apiKey: ADAS, scopes: { models: ['gpt-4*'] } });
    await ask(installation, ada, { thread });
    await scopes({ models: ['gpt-5*'] });
    await ask(installation, ada, { thread });
    await scopes({ conversations: [thread] });
    await ask(installation, ada, { thread });
    await ask(installation, ada);
    await scopes({ tools: ['search'] });
    await ask(installation, ada, { thread });
    expect(keysAt(ours)).toEqual([ENVIRONMENTS, ADAS, ADAS, ENVIRONMENTS, ENVIRONMENTS]);
  });

  test('is refused with a sentence when it has to be rotated, and nobody else’s takes its place', async () => {
    const installation = await withKeys();
    await forAll(installation);
    const keyId = await register(installation, ada, { apiKey: ADAS, rotation: { ...usualRotation, maxAgeDays: 30 } });
    installation.clock.now = new Date('2026-01-31T00:00:00.000Z');
    expect(await ask(installation, ada)).toMatchObject({
      outcome: 'failed',
      error: { code: 'Unauthorized', message: 'Your key for openai is older than it may get: rotate it before it is used again.' },
    });
    expect(keysAt(ours)).toEqual([]);
    await installation.kernel.tell(ada, rotateProviderKey({ keyId, apiKey: 'sk-of-ada-the-next-0004' }));
    await ask(installation, ada);
    expect(keysAt(ours)).toEqual(['sk-of-ada-the-next-0004']);
  });

  test('is the one before where the new one is refused, as long as its grace time lasts', async () => {
    const installation = await withKeys();
    const keyId = await register(installation, ada, { apiKey: ADAS, rotation: { ...usualRotation, graceHours: 2 } });
    await installation.kernel.tell(ada, rotateProviderKey({ keyId, apiKey: 'sk-not-yet-known-0005' }));
    refused.add('sk-not-yet-known-0005');
    expect((await ask(installation, ada)).outcome).toBe('completed');
    expect(keysAt(ours)).toEqual(['sk-not-yet-known-0005', ADAS]);
    installation.clock.now = new Date('2026-01-01T02:00:00.000Z');
    expect((await ask(installation, ada)).outcome).toBe('failed');
    expect(keysAt(ours)).toEqual(['sk-not-yet-known-0005', ADAS, 'sk-not-yet-known-0005']);
  });

  test('is destroyed when it was replaced and its grace time is over', async () => {
    const installation = await withKeys();
    const { kernel, disk } = installation;
    const keyId = await register(installation, ada, { apiKey: ADAS });
    await kernel.tell(ada, rotateProviderKey({ keyId, apiKey: 'sk-of-ada-the-next-0004' }));
    const [first, second] = (await eventsOf(disk, keyringStream(ada.id))).map(({ id }) => ({ subject: ada.id, scope: `hidden-${id}` }));
    if (!first || !second) throw new Error('no events');
    await kernel.progress.waitFor(['provider-keys'], await disk.store.head(), { timeoutMs: 10_000 });
    await kernel.sweep();
    expect(await disk.vault.isDestroyed(first)).toBe(false);
    installation.clock.now = new Date('2026-01-02T00:00:00.000Z');
    await kernel.sweep();
    await until(() => disk.vault.isDestroyed(first));
    expect(await disk.vault.isDestroyed(second)).toBe(false);
    await ask(installation, ada);
    expect(keysAt(ours)).toEqual(['sk-of-ada-the-next-0004']);
  });

  test('cannot be read any more by anybody once it is removed', async () => {
    const installation = await withKeys();
    const keyId = await register(installation, ada, { apiKey: ADAS });
    const [event] = await eventsOf(installation.disk, keyringStream(ada.id));
    await installation.kernel.tell(ada, removeProviderKey({ keyId }));
    const scope = { subject: ada.id, scope: `hidden-${event?.id}` };
    await until(() => installation.disk.vault.isDestroyed(scope));
    expect(await installation.disk.vault.getOrCreate(scope)).toEqual({ ok: false, code: 'Destroyed' });
  });

  test('leaves the demonstration as it is', async () => {
    const installation = await withKeys();
    await register(installation, ada, { provider: 'demo', apiKey: ADAS, rotation: { ...usualRotation, maxAgeDays: 1 } });
    installation.clock.now = new Date('2026-02-01T00:00:00.000Z');
    expect((await ask(installation, ada, { model: 'demo/demo' })).outcome).toBe('completed');
  });
});

describe('an address that a person gave', () => {
  test('never gets another owner’s key, whatever keys there are', async () => {
    const installation = await withKeys();
    await forAll(installation);
    await register(installation, ada, { provider: 'openai', baseUrl: `${theirs.url}/v1` });
    await register(installation, ada, { provider: 'somewhere', baseUrl: `${theirs.url}/v1`, apiKey: ADAS });
    expect((await ask(installation, ada)).outcome).toBe('completed');
    expect((await ask(installation, ada, { model: 'somewhere/any' })).outcome).toBe('completed');
    expect(keysAt(theirs)).toEqual([undefined, ADAS]);
    expect(JSON.stringify([theirs.headers, theirs.bodies])).not.toMatch(new RegExp(`${ENVIRONMENTS}|${ORGANISATIONS}`));
    expect(keysAt(ours)).toEqual([]);
  });

  test('gets no header that the environment names either', async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      OPENAI_CUSTOM_HEADERS: `X-Gateway: ${ENVIRONMENTS}\nAuthorization: Bearer ${ENVIRONMENTS}`,
      OPENAI_ORG_ID: ENVIRONMENTS,
    });
    try {
      const installation = await withKeys();
      await register(installation, ada, { baseUrl: `${theirs.url}/v1` });
      await register(installation, bob, { baseUrl: `${theirs.url}/v1`, apiKey: ADAS });
      await ask(installation, ada);
      await ask(installation, bob);
      expect(theirs.headers).toHaveLength(2);
      expect(JSON.stringify(theirs.headers)).not.toContain(ENVIRONMENTS);
    } finally {
      for (const name of ['OPENAI_CUSTOM_HEADERS', 'OPENAI_ORG_ID']) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
  });

  test('is lost with the key that it was given with: a new key goes where the installation finds the service', async () => {
    const installation = await withKeys();
    const keyId = await register(installation, ada, { baseUrl: `${theirs.url}/v1`, apiKey: ADAS });
    await installation.kernel.tell(ada, rotateProviderKey({ keyId, apiKey: 'sk-of-ada-the-next-0004' }));
    await ask(installation, ada);
    expect([keysAt(theirs), keysAt(ours)]).toEqual([[], ['sk-of-ada-the-next-0004']]);
  });

  test('leads into no private network, unless an administrator gave it', async () => {
    const installation = await withKeys(undefined, false);
    for (const address of [theirs.url, theirs.url.replace('127.0.0.1', 'localhost'), theirs.url.replace('127.0.0.1', '[::ffff:127.0.0.1]')]) {
      const keyId = await register(installation, ada, { baseUrl: `${address}/v1`, apiKey: ADAS });
      expect(await ask(installation, ada)).toMatchObject({ outcome: 'failed', error: { message: expect.stringContaining('private network') } });
      await installation.kernel.tell(ada, removeProviderKey({ keyId }));
    }
    expect(theirs.headers).toEqual([]);
    await forAll(installation, { baseUrl: `${theirs.url}/v1` });
    expect((await ask(installation, ada)).outcome).toBe('completed');
    expect(keysAt(theirs)).toEqual([ORGANISATIONS]);
  });
});

describe('the models to choose from', () => {
  const listed = async ({ kernel }: Installation, who?: Principal): Promise<string[]> => (await kernel.models.list(who?.id)).map(({ id }) => id);

  test('are for each person also those that its own key or the organisation’s opens', async () => {
    const installation = await withKeys();
    expect(await listed(installation, ada)).toEqual(['openai/of-ours', 'demo/demo']);
    await register(installation, ada, { provider: 'somewhere', baseUrl: `${theirs.url}/v1`, apiKey: ADAS });
    await register(installation, ada, { apiKey: ADAS });
    await forAll(installation, { provider: 'everywhere', baseUrl: `${theirs.url}/v1` });
    expect(await listed(installation, ada)).toEqual(['openai/of-ours', 'demo/demo', 'somewhere/of-theirs', 'everywhere/of-theirs']);
    expect(await listed(installation, bob)).toEqual(['openai/of-ours', 'demo/demo', 'everywhere/of-theirs']);
    expect(await listed(installation)).toEqual(['openai/of-ours', 'demo/demo']);
    expect(new Set(keysAt(theirs))).toEqual(new Set([ADAS, ORGANISATIONS]));
    expect(theirs.headers).toHaveLength(2);
  });

  test('are not those of a key that may not be used for them, or is refused', async () => {
    const installation = await withKeys();
    const at = { baseUrl: `${theirs.url}/v1`, apiKey: ADAS };
    await register(installation, ada, { ...at, provider: 'scoped', scopes: { models: ['other'] } });
    await register(installation, ada, { ...at, provider: 'tools', scopes: { tools: ['search'] } });
    await register(installation, ada, { ...at, provider: 'old', rotation: { ...usualRotation, maxAgeDays: 1 } });
    await register(installation, ada, { ...at, provider: 'refused', apiKey: 'sk-not-yet-known-0005' });
    refused.add('sk-not-yet-known-0005');
    installation.clock.now = new Date('2026-01-02T00:00:00.000Z');
    expect(await listed(installation, ada)).toEqual(['openai/of-ours', 'demo/demo']);
  });
});

describe('the use of a key', () => {
  test('is recorded at once, and then once an hour with how often', async () => {
    const installation = await withKeys();
    const keyId = await register(installation, ada, { apiKey: ADAS });
    const counts = async (): Promise<unknown[]> =>
      (await eventsOf(installation.disk, `keyuse-${keyId}-2026-01-01`)).map(({ data, metadata }) => [data.count, metadata.subject]);
    await ask(installation, ada);
    expect(await counts()).toEqual([[1, ada.id]]);
    for (let time = 0; time < 3; time++) await ask(installation, ada);
    expect(await counts()).toHaveLength(1);
    installation.clock.now = new Date('2026-01-01T01:00:00.000Z');
    await installation.kernel.sweep();
    expect(await counts()).toEqual([
      [1, ada.id],
      [3, ada.id],
    ]);
    const shown = await installation.kernel.ask(ada, getProviderKey({ keyId }), { after: await installation.disk.store.head() });
    expect(shown).toMatchObject({ ok: true, data: { uses: 4, lastUsedAt: '2026-01-01T00:00:00.000Z' } });
  });

  test('is written down when the process ends', async () => {
    const installation = await withKeys();
    const keyId = await register(installation, ada, { apiKey: ADAS });
    for (let time = 0; time < 3; time++) await ask(installation, ada);
    await installation.kernel.stop(0);
    const events = await eventsOf(installation.disk, `keyuse-${keyId}-2026-01-01`);
    expect(events.map(({ data }) => data.count)).toEqual([1, 2]);
  });
});
