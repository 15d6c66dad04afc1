import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RouteDefinition } from '../../../src/api/http/route.ts';
import { usualMasking } from '../../../src/domain/masking/index.ts';
import { usualRetention } from '../../../src/domain/retention.ts';
import { type Answer, expected, ofOwner, rules, spent, type Visitor, visitors } from './rules.ts';
import { createWorld, OWNER, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.server.stop());

let toolServers = 0;
/** Where nobody listens. */
const closed = { transport: 'http', address: { url: 'http://127.0.0.1:1/mcp' } };

const lineOf = ({ method, path }: RouteDefinition): string => `${method} ${path}`;
const text = [{ type: 'text', text: 'hello' }];
const viewOwn = { resource: 'conversation', action: 'view', condition: 'own' };
const posted = { role: 'user', content: text, metadata: {} };
const content = { messages: [{ role: 'user', content: { type: 'text', text: 'Hello {{who}}' } }] };
let prompts = 0;
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
  'POST /api/runs/{runId}/questions/{inputId}': () => ({ answers: {} }),
  'POST /api/runs/{runId}/tools/{toolCallId}': () => ({ output: 1 }),
  'POST /mcp': () => ({ jsonrpc: '2.0', id: 1, method: 'ping' }),
  'PUT /api/masking': () => ({ policy: usualMasking }),
  'PUT /api/me/masked-words': () => ({ words: ['Ada'] }),
  'PUT /api/conversations/{conversationId}/masking': () => ({ mode: 'on' }),
  'PUT /api/retention': () => ({ policy: usualRetention }),
  'PUT /api/conversations/{conversationId}/retention': () => ({ retention: { keep: 'forever' } }),
  'POST /api/prompts': () => ({ name: `new-${++prompts}`, content }),
  'POST /api/prompts/expand': () => ({ name: 'weigh', arguments: { question: 'x' } }),
  'POST /api/prompts/complete': () => ({ name: 'weigh', argument: 'question' }),
  'PUT /api/prompts/{promptId}': () => ({ content }),
  'PUT /api/prompts/{promptId}/name': () => ({ name: `renamed-${++prompts}` }),
  'PUT /api/prompts/{promptId}/pin': () => ({ version: 1 }),
  'POST /api/prompts/{promptId}/rollback': () => ({ version: 1 }),
  'PUT /api/prompts/{promptId}/visibility': () => ({ visibility: 'everyone' }),
  'POST /api/provider-keys': () => ({ provider: 'openai', apiKey: 'sk-123456789012' }),
  'POST /api/provider-keys/{keyId}/rotate': () => ({ apiKey: 'sk-123456789012' }),
  'POST /api/mcp/servers': () => ({ slug: `made-${++toolServers}`, ...closed }),
  'PUT /api/mcp/servers/{serverId}': () => ({ slug: `changed-${++toolServers}`, ...closed }),
  'PUT /api/mcp/servers/{serverId}/enabled': () => ({ enabled: false }),
  'PUT /api/mcp/servers/{serverId}/audience': () => ({ audience: 'everybody' }),
  'PUT /api/mcp/servers/{serverId}/policy': () => ({ policy: 'ask' }),
  'POST /api/mcp/servers/{serverId}/approve': ({ serverId }) => ({ contractId: serverId, tool: 'x', hash: '0'.repeat(64) }),
  'POST /api/mcp/servers/{serverId}/contract': ({ serverId }) => ({ contractId: serverId, contractHash: '0'.repeat(64) }),
  'PUT /api/mcp/servers/{serverId}/requirements': () => ({ requirements: null }),
  'PUT /api/mcp/servers/{serverId}/updates': () => ({ updates: 'compatible' }),
  'POST /api/mcp/plan': ({ serverId }) => ({ steps: [{ serverId, action: 'disable' }] }),
  'POST /api/mcp/logins': () => ({ state: 'of-nobody', code: 'x' }),
  'POST /api/mcp/servers/{serverId}/updates': () => ({ version: '1.0.0' }),
  'POST /api/mcp/servers/{serverId}/updates/{updateId}/approve': () => ({ contractHash: '0' }),
  'POST /api/mcp/catalogue/{entry}': () => ({ slug: `catalogued-${++toolServers}` }),
  'POST /api/mcp/import': () => ({ mcpServers: { imported: { url: 'http://127.0.0.1:1/mcp' } } }),
  'POST /mcp-connections/': () => ({ mcp_server_url: 'http://127.0.0.1:1/mcp' }),
  'PUT /mcp-connections/{connection_id}': () => ({ description: 'x' }),
  'PUT /api/mcp/choices': ({ serverId }) => ({ serverId, enabled: false }),
  'PUT /api/mcp/policies': ({ serverId }) => ({ serverId, policy: 'ask' }),
  'POST /api-keys/': () => ({ model_provider: 'openai', api_key_value: 'sk-123456789012' }),
  'PUT /api-keys/{api_key_id}': () => ({ description: 'x' }),
  'POST /api/me/erase': () => ({ confirm: 'delete my account' }),
  'POST /api/people/{person}/erase': ({ victim }) => ({ confirm: victim }),
  'PATCH /api/me/privacy': () => ({ objectsToAnalytics: true }),
  'PATCH /api/people/{person}/privacy': () => ({ objectsToAnalytics: true }),
  'PATCH /api/people/{person}/profile': () => ({ profile: { name: 'x' } }),
  'POST /api/me/password': () => ({ old: 'a wrong password', password: 'another password' }),
  'PUT /api/people/{person}/roles': () => ({ roles: ['member'] }),
  'POST /api/roles': () => ({ title: 'x', permissions: [viewOwn] }),
  'PATCH /api/roles/{role}': () => ({ title: 'y' }),
  'POST /api/people/{person}/permissions/grant': () => ({ permission: viewOwn }),
  'POST /api/people/{person}/permissions/revoke': () => ({ permission: viewOwn }),
  'POST /api/model-access': () => ({ model: 'demo/other', to: null }),
  'PUT /api/conversations/{conversationId}/shares/{with}': () => ({ level: 'view' }),
  'PUT /api/files/{fileId}/shares/{with}': () => ({ level: 'view' }),
  'PUT /api/shares/{kind}/{resource}/{with}': () => ({ level: 'view' }),
  'POST /aui/v1/threads': () => ({ last_message_at: new Date().toISOString() }),
  'PUT /aui/v1/threads/{threadId}': () => ({ title: 'new' }),
  'POST /aui/v1/threads/{threadId}/messages': () => ({ parent_id: null, format: 'aui/v0', content: posted }),
  'PUT /aui/v1/threads/{threadId}/messages/{messageId}': () => ({ format: 'aui/v0', content: posted }),
  'DELETE /aui/v1/threads/{threadId}/messages': ({ messageId }) => ({ message_ids: [messageId] }),
  'POST /aui/v1/threads/{threadId}/messages/{messageId}/feedback': () => ({ type: 'positive' }),
  'POST /aui/v1/runs/stream': ({ threadId }) => ({ thread_id: threadId, assistant_id: 'system/thread_title', messages: [] }),
  'POST /aui/v1/runs': ({ threadId }) => ({ thread_id: threadId, status: 'completed' }),
  'POST /aui/v1/events': () => ({ events: [{ kind: 'x' }] }),
  'POST /aui/v1/scores': () => ({ name: 'x', data_type: 'numeric', value: 1 }),
  'POST /aui/v1/files/attachments/generate-presigned-upload-url': () => ({ filename: 'a.txt' }),
  'POST /aui/v1/files/attachments/generate-presigned-download-url': ({ fileId }) => ({ url: `${world.server.url}/aui/v1/files/${fileId}` }),
  'POST /aui/v1/files/pdf-to-images': () => ({ file_url: 'x' }),
  'POST /aui/api/chat': ({ threadId }) => ({ threadId, messages: [{ id: 'm1', role: 'user', parts: text }] }),
};
/** What a route asks for in its address before it asks who may. */
const searches: Readonly<Record<string, string>> = {
  'POST /api/files': '?filename=a.txt',
  'GET /api/directory': '?search=nobody',
  'GET /api/mcp/servers/{serverId}/change': '?tool=x',
  'GET /api/audit/proof': '?stream=a-1&revision=0',
  'GET /api/audit/consistency': '?from=1&to=2',
  'GET /api/prompts/{promptId}/diff': '?from=1&to=1',
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
  const response = await world.call(method, filled + search, visitor, body);
  await response.body?.cancel();
  const { status } = response;
  if (status === 401 || status === 403 || status === 404) return status;
  return status < 500 || status === 501 ? 'in' : `${status}`;
}

/** On servers, where each route takes seconds, every so manieth of them, others each time. */
const STEP = process.env.ANNALS_TEST_DISK === 'servers' ? 16 : 1;
const first = Math.floor(Math.random() * STEP);

describe('whoever comes', () => {
  test('every route has a rule, and every rule a route', () => {
    const lines = world.server.server.routes.map(lineOf);
    expect(lines.filter((line) => !(line in rules))).toEqual([]);
    expect(Object.keys(rules).filter((line) => !lines.includes(line) && line !== 'GET /docs')).toEqual([]);
  });

  test('is answered as the rule of the route says, and who is refused changes nothing', { timeout: 600_000 }, async () => {
    const wrong: string[] = [];
    const untouched = await world.things({ run: true, key: true, role: true });
    const ordered = world.server.server.routes.toSorted(
      (one, other) => Object.keys(spent).indexOf(lineOf(one)) - Object.keys(spent).indexOf(lineOf(other)),
    );
    for (const [place, definition] of ordered.entries()) {
      const line = lineOf(definition);
      const rule = rules[line];
      if (!rule || place % STEP !== first) continue;
      const needed = {
        run: /\{runId\}|\/stop$/.test(definition.path),
        key: line.includes('key'),
        role: line.includes('role'),
        invitation: line.includes('invitationId'),
        job: line.includes('{jobId}'),
        tools: line.includes('/mcp'),
        prompt: line.includes('prompt'),
      };
      const { run: _, role: __, ...special } = needed;
      // Numbers of keys count each owner's own: a small one would be somebody else's too.
      const of = Object.values(special).includes(true) ? await world.things(needed) : untouched;
      const refused = visitors.filter((visitor) => expected(rule, visitor) !== 'in');
      const before = await world.events();
      for (const visitor of refused) {
        const answer = await answerTo(definition, visitor, of);
        if (answer !== expected(rule, visitor)) wrong.push(`${line} as ${visitor}: ${answer} instead of ${expected(rule, visitor)}`);
      }
      if ((await world.events()) !== before) wrong.push(`${line}: a refusal left events`);
      const one = spent[line];
      for (const visitor of one ? [one] : visitors.filter((each) => !refused.includes(each))) {
        const usesUp = rule[1] !== 'read' && (ofOwner.has(rule[0]) || rule[0] === 'administrators');
        const fresh = usesUp ? await world.things(needed) : of;
        const answer = await answerTo(definition, visitor, one ? { ...fresh, person: fresh.victim ?? '' } : fresh);
        if (answer !== 'in') wrong.push(`${line} as ${visitor}: ${answer} instead of in`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
