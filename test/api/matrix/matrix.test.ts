import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { START } from '../../../src/adapters/event-store/port.ts';
import { assistantUiRoutes } from '../../../src/api/assistant-ui/index.ts';
import { createSessionKeys, type SessionCredential } from '../../../src/api/http/identity/session-keys.ts';
import { createTokens, newAnonymous } from '../../../src/api/http/identity/tokens.ts';
import { type LoginOptions, loginRoutes } from '../../../src/api/http/login/routes.ts';
import type { RouteDefinition } from '../../../src/api/http/route.ts';
import { apiKeyRoutes } from '../../../src/api/rini/api-keys.ts';
import { userRoutes } from '../../../src/api/rini/users.ts';
import { requestJob } from '../../../src/commands/job.ts';
import { disablePerson, registerPerson, revokeToken, signOutEverywhere } from '../../../src/commands/person.ts';
import { endSession, startSession } from '../../../src/commands/session.ts';
import { annals } from '../../../src/commands/settle-active-run.ts';
import type { PersonId } from '../../../src/domain/ids.ts';
import { usualMasking } from '../../../src/domain/masking/index.ts';
import type { Role } from '../../../src/domain/principal.ts';
import { usualRetention } from '../../../src/domain/retention.ts';
import { getExport } from '../../../src/projections/queries/exports.ts';
import { askFor, runOf, settled } from '../../harness/chat.ts';
import { administrator } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';
import { type Answer, expected, rules, spent, type Visitor, visitors } from './rules.ts';

const tokens = createTokens({ secret: Buffer.alloc(32, 5), issuer: 'matrix-under-test' });
const past = createTokens({ secret: Buffer.alloc(32, 5), issuer: 'matrix-under-test', now: () => new Date(Date.now() - 7200_000) });
const options = { secret: Buffer.alloc(32, 6), publicUrl: undefined };

const noProviders: LoginOptions = {
  providers: [],
  secret: Buffer.alloc(32, 7),
  stateSecret: Buffer.alloc(32, 8),
  open: false,
  known: { ofIdentity: async () => undefined, standingOf: async () => ({ disabled: false, erased: false, revokedFrom: () => undefined }) },
};

/** The time of day: what is revoked or signed out is so by the same clock that tokens go by. */
const passing = {
  get now() {
    return new Date();
  },
};

let server: TestServer;
const bearers = new Map<Visitor, string | undefined>();
const cookies = new Map<Visitor, string>();
const OWNER = 'person_owner' as PersonId;

/** Somebody logs in. */
async function session(person: PersonId): Promise<SessionCredential> {
  const { kernel, disk } = server.installation;
  const made = createSessionKeys({ secret: disk.secret }).create();
  const { sessionId, proof } = made;
  await kernel.tell(annals(person), startSession({ sessionId, person, kind: 'cookie', method: 'test', proof, device: 'Test' }));
  return made;
}

const registered = async (id: PersonId, roles: Role[]): Promise<void> => {
  const told = await server.installation.kernel.tell(annals(id), registerPerson({ person: id, via: 'administrator', roles, profile: {} }));
  if (!told.ok) throw new Error(told.error.message);
};

beforeAll(async () => {
  server = await startServer({
    annals: { clock: passing },
    server: {
      tokens,
      localPerson: false,
      routes: [
        ...assistantUiRoutes(options),
        ...apiKeyRoutes,
        ...userRoutes({ tokens, open: true, tokenMinutes: 5, perMinute: 1000 }),
        ...loginRoutes(noProviders),
      ],
    },
  });
  const { kernel } = server.installation;
  const tokenOf = async (id: PersonId, roles: Role[], scopes?: string[]): Promise<string> =>
    (await tokens.access({ id, kind: 'person', roles, ...(scopes ? { scopes } : {}) })).token;
  const roleOf: Readonly<Partial<Record<Visitor, Role>>> = {
    other: 'member',
    viewer: 'viewer',
    auditor: 'auditor',
    analyst: 'analyst',
    administrator: 'administrator',
    disabled: 'member',
    signedOut: 'member',
  };
  await registered(OWNER, ['member']);
  for (const visitor of visitors) {
    const role = roleOf[visitor];
    if (!role) continue;
    const id = `person_${visitor}` as PersonId;
    await registered(id, [role]);
    bearers.set(visitor, await tokenOf(id, [role]));
  }
  bearers.set('owner', await tokenOf(OWNER, ['member']));
  bearers.set('ownerReads', await tokenOf(OWNER, ['member'], ['read']));
  bearers.set('ownerWrites', await tokenOf(OWNER, ['member'], ['write']));
  bearers.set('expired', (await past.access({ id: OWNER, kind: 'person', roles: ['administrator'] })).token);
  const made = await (await call('POST', '/api/tokens', 'owner', {})).json();
  bearers.set('revoked', made.token);
  const visitor = await (await server.call('POST', '/aui/v1/auth/tokens/anonymous')).json();
  bearers.set('anonymous', (visitor as { access_token: string }).access_token);
  const ended = await session('person_ended' as PersonId);
  await kernel.tell(administrator, endSession({ sessionId: ended.sessionId, reason: 'revoked' }));
  cookies.set('endedSession', `annals=${ended.credential}`);
  const person = (name: string) => ({ person: `person_${name}` as PersonId });
  await kernel.tell(administrator, revokeToken({ person: OWNER, tokenId: made.tokenId, graceMs: 0 }));
  await kernel.tell(administrator, disablePerson(person('disabled')));
  await kernel.tell(administrator, signOutEverywhere(person('signedOut')));
});
afterAll(() => server.stop());

// biome-ignore lint/suspicious/noExplicitAny: whatever the server answers
const call = (method: string, path: string, as: Visitor, body?: unknown): Promise<any> => {
  const token = bearers.get(as);
  const cookie = cookies.get(as);
  return server.call(method, path, {
    ...(body === undefined ? {} : { body }),
    headers: { ...(token === undefined ? {} : bearer(token)), ...(cookie === undefined ? {} : { cookie, origin: server.url }) },
    signal: AbortSignal.timeout(15_000),
  });
};

let victims = 0;
/** Things of the owner's, all there and none used up. */
async function things(line: string): Promise<Readonly<Record<string, string>>> {
  const { kernel } = server.installation;
  const owner = { id: OWNER, kind: 'person' as const, roles: ['member'] as const };
  const asked = await askFor(kernel, owner, '/call postcard {"to":"Bob"}');
  const done = await askFor(kernel, owner, '/echo done');
  await settled(kernel, done);
  await until(async () => (await runOf(kernel, asked.runId)).status === 'waiting');
  const [[toolCallId, pending] = []] = (await runOf(kernel, asked.runId)).calls;
  const file = await (await upload()).json();
  const token = await (await call('POST', '/api/tokens', 'owner', {})).json();
  const { keyId, number } = line.includes('key') ? await providerKey() : { keyId: '', number: 0 };
  const job = line.includes('{jobId}') ? await exported() : '';
  const victim = `person_victim${++victims}` as PersonId;
  await registered(victim, ['member']);
  const head = await server.installation.disk.store.head();
  const names = kernel.progress.status().map(({ view }) => view);
  await kernel.progress.waitFor(names, head, { timeoutMs: 5000, signal: AbortSignal.timeout(5000) });
  return {
    conversationId: done.conversationId,
    threadId: done.conversationId,
    messageId: done.question,
    parentId: done.question,
    runId: asked.runId,
    streamId: `${done.runId}.0`,
    fileId: file.fileId ?? file.id,
    tokenId: token.tokenId,
    sessionId: (await session(OWNER)).sessionId,
    keyId,
    api_key_id: String(number),
    person: OWNER,
    jobId: job,
    victim,
    waiting: asked.conversationId,
    approvalId: pending?.approvalId ?? '',
    toolCallId: toolCallId ?? '',
    refreshToken: (await tokens.refresh(newAnonymous().id)).token,
    view: 'files',
    reaction: 'title',
    eventId: 'none',
  };
}
/** A job that has ended, and whose file is there. */
async function exported(): Promise<string> {
  const { kernel, disk } = server.installation;
  const told = await kernel.tell(annals(OWNER), requestJob({ kind: 'export', person: OWNER }));
  if (!told.ok) throw new Error(told.error.message);
  const { jobId } = told.result;
  const owner = { id: OWNER, kind: 'person' as const, roles: ['member'] as const };
  await until(async () => (await kernel.ask(owner, getExport({ jobId }), { after: await disk.store.head() })).ok);
  return jobId;
}
/** Of these nobody may have more than a hundred. */
async function providerKey(): Promise<{ keyId: string; number: number }> {
  const key = { provider: 'openai', apiKey: 'sk-of-the-owner-1234' };
  const { keyId } = await (await call('POST', '/api/provider-keys', 'owner', key)).json();
  const { number } = await (await call('GET', `/api/provider-keys/${keyId}`, 'owner')).json();
  return { keyId, number };
}
const upload = (): Promise<Response> =>
  fetch(`${server.url}/api/files?filename=a.txt`, {
    method: 'POST',
    headers: { ...bearer(bearers.get('owner') ?? ''), 'content-type': 'text/plain' },
    body: 'bytes',
  });

const lineOf = ({ method, path }: RouteDefinition): string => `${method} ${path}`;
const text = [{ type: 'text', text: 'hello' }];
const content = { role: 'user', content: text, metadata: {} };
/** What a route needs before it asks who may. */
const bodies: Readonly<Record<string, (of: Readonly<Record<string, string>>) => unknown>> = {
  'POST /aui/v1/auth/tokens/refresh': ({ refreshToken }) => ({ refresh_token: refreshToken }),
  'POST /aui/v1/threads/claim': ({ refreshToken }) => ({ refresh_token: refreshToken }),
  'PUT /api/conversations/{conversationId}/title': () => ({ title: 'new' }),
  'PUT /api/conversations/{conversationId}/metadata': () => ({ metadata: {} }),
  'POST /api/conversations/{conversationId}/messages': () => ({ parts: text, reply: false }),
  'POST /api/conversations/{conversationId}/messages/append': ({ messageId }) => ({ role: 'user', parts: text, parentId: messageId }),
  'PUT /api/conversations/{conversationId}/messages/{messageId}/content': () => ({ parts: text }),
  'PUT /api/conversations/{conversationId}/messages/{messageId}/feedback': () => ({ rating: 'positive' }),
  'PUT /api/conversations/{conversationId}/branch': ({ messageId }) => ({ messageId }),
  'POST /api/runs/{runId}/approvals/{approvalId}': () => ({ approved: true }),
  'POST /api/runs/{runId}/tools/{toolCallId}': () => ({ output: 1 }),
  'POST /api/provider-keys': () => ({ provider: 'openai', apiKey: 'sk-123456789012' }),
  'POST /api/provider-keys/{keyId}/rotate': () => ({ apiKey: 'sk-123456789012' }),
  'POST /api-keys/': () => ({ model_provider: 'openai', api_key_value: 'sk-123456789012' }),
  'PUT /api-keys/{api_key_id}': () => ({ description: 'x' }),
  'POST /api/me/erase': () => ({ confirm: 'delete my account' }),
  'POST /api/people/{person}/erase': ({ victim }) => ({ confirm: victim }),
  'PATCH /api/me/privacy': () => ({ objectsToAnalytics: true }),
  'PATCH /api/people/{person}/privacy': () => ({ objectsToAnalytics: true }),
  'PATCH /api/people/{person}/profile': () => ({ profile: { name: 'x' } }),
  'PUT /api/people/{person}/roles': () => ({ roles: ['member'] }),
  'PUT /api/masking': () => ({ policy: usualMasking }),
  'PUT /api/me/masked-words': () => ({ words: ['Ada'] }),
  'PUT /api/conversations/{conversationId}/masking': () => ({ mode: 'on' }),
  'PUT /api/retention': () => ({ policy: usualRetention }),
  'PUT /api/conversations/{conversationId}/retention': () => ({ retention: { keep: 'forever' } }),
  'POST /aui/v1/threads': () => ({ last_message_at: new Date().toISOString() }),
  'PUT /aui/v1/threads/{threadId}': () => ({ title: 'new' }),
  'POST /aui/v1/threads/{threadId}/messages': () => ({ parent_id: null, format: 'aui/v0', content }),
  'PUT /aui/v1/threads/{threadId}/messages/{messageId}': () => ({ format: 'aui/v0', content }),
  'DELETE /aui/v1/threads/{threadId}/messages': ({ messageId }) => ({ message_ids: [messageId] }),
  'POST /aui/v1/threads/{threadId}/messages/{messageId}/feedback': () => ({ type: 'positive' }),
  'POST /aui/v1/runs/stream': ({ threadId }) => ({ thread_id: threadId, assistant_id: 'system/thread_title', messages: [] }),
  'POST /aui/v1/runs': ({ threadId }) => ({ thread_id: threadId, status: 'completed' }),
  'POST /aui/v1/events': () => ({ events: [{ kind: 'x' }] }),
  'POST /aui/v1/scores': () => ({ name: 'x', data_type: 'numeric', value: 1 }),
  'POST /aui/v1/files/attachments/generate-presigned-upload-url': () => ({ filename: 'a.txt' }),
  'POST /aui/v1/files/attachments/generate-presigned-download-url': ({ fileId }) => ({ url: `${server.url}/aui/v1/files/${fileId}` }),
  'POST /aui/v1/files/pdf-to-images': () => ({ file_url: 'x' }),
  'POST /aui/api/chat': ({ threadId }) => ({ threadId, messages: [{ id: 'm1', role: 'user', parts: text }] }),
};
/** What a route asks for in its address before it asks who may. */
const searches: Readonly<Record<string, string>> = {
  'POST /api/files': '?filename=a.txt',
  'GET /api/audit/proof': '?stream=a-1&revision=0',
  'GET /api/audit/consistency': '?from=1&to=2',
  'GET /api/analytics/usage': '?from=2026-01-01&to=2026-01-02',
  'GET /api/analytics/usage.csv': '?from=2026-01-01&to=2026-01-02',
  'GET /api/analytics/rows': '?day=2026-01-01',
  'GET /api/analytics/rows.csv': '?day=2026-01-01',
};

async function answerTo(definition: RouteDefinition, visitor: Visitor, of: Readonly<Record<string, string>>): Promise<Answer | string> {
  const line = lineOf(definition);
  const { method, path } = definition;
  const known: Readonly<Record<string, string | undefined>> = {
    ...of,
    ...(rules[line]?.[0] === 'administrators' ? { person: of.victim } : {}),
    ...(/\{runId\}|\/stop$/.test(path) ? { conversationId: of.waiting, threadId: of.waiting } : {}),
  };
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(known[name] ?? 'missing'));
  const body = method === 'GET' ? undefined : (bodies[line]?.(of) ?? {});
  const search = searches[line] ?? (rules[line]?.[0] === 'signed' ? `?p=${OWNER}&e=9999999999&s=forged` : '');
  const response: Response = await call(method, filled + search, visitor, body);
  await response.body?.cancel();
  const { status } = response;
  if (status === 401 || status === 403 || status === 404) return status;
  return status < 500 || status === 501 ? 'in' : `${status}`;
}

describe('whoever comes', () => {
  test('every route has a rule, and every rule a route', () => {
    const lines = server.server.routes.map(lineOf);
    expect(lines.filter((line) => !(line in rules))).toEqual([]);
    expect(Object.keys(rules).filter((line) => !lines.includes(line) && line !== 'GET /docs')).toEqual([]);
  });

  test('is answered as the rule of the route says, and who is refused changes nothing', { timeout: 400_000 }, async () => {
    const wrong: string[] = [];
    const ordered = server.server.routes.toSorted(
      (one, other) => Object.keys(spent).indexOf(lineOf(one)) - Object.keys(spent).indexOf(lineOf(other)),
    );
    for (const definition of ordered) {
      const line = lineOf(definition);
      const rule = rules[line];
      if (!rule) continue;
      const of = await things(line);
      const refused = visitors.filter((visitor) => expected(rule, visitor) !== 'in');
      const before = await foreignEvents();
      for (const visitor of refused) {
        const answer = await answerTo(definition, visitor, of);
        if (answer !== expected(rule, visitor)) wrong.push(`${line} as ${visitor}: ${answer} instead of ${expected(rule, visitor)}`);
      }
      if ((await foreignEvents()) !== before) wrong.push(`${line}: a refusal left events`);
      const one = spent[line];
      for (const visitor of one ? [one] : visitors.filter((each) => !refused.includes(each))) {
        const fresh = rule[0] === 'own' || rule[0] === 'oneself' ? await things(line) : of;
        const answer = await answerTo(definition, visitor, one ? { ...fresh, person: fresh.victim ?? '' } : fresh);
        if (answer !== 'in') wrong.push(`${line} as ${visitor}: ${answer} instead of in`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** How many events there are that somebody asked for; those that record refusals, and what Annals does by itself, do not count. */
async function foreignEvents(): Promise<number> {
  let count = 0;
  const stop = new AbortController();
  for await (const { events, caughtUp } of server.installation.disk.store.tail(START, { signal: stop.signal })) {
    count += events.filter(({ stream, metadata }) => !stream.startsWith('access-') && metadata.actor !== 'person_annals').length;
    if (caughtUp) break;
  }
  stop.abort();
  return count;
}
