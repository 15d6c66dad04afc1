import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { House } from './house.ts';

export type Call = (method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<Record<string, string>>;
export type Plant = (what: string) => string;

export function caller(url: string, token?: string): Call {
  return async (method, path, body, more = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...more },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    expect(response.status, `${method} ${path}: ${text}`).toBeLessThan(300);
    return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : { text };
  };
}

/** Waits until the views show it, which on servers takes its time. */
async function shown(call: Call, path: string, holds: (answer: Readonly<Record<string, unknown>>) => boolean): Promise<void> {
  while (!(await call('GET', path).then(holds, () => false))) await sleep(20);
}

/** Comes by a mail, logs in from a device of its own, is mistaken once about the password, and has a mail on its way that is never taken. */
export async function comes({ url, administrator, post }: House, plant: Plant, marker: string): Promise<{ person: string; token: string }> {
  const email = `${plant('email')}@example.com`.toLowerCase();
  const device = { 'user-agent': plant('device') };
  await caller(url, administrator)('POST', '/api/invitations', { email, name: `${marker} invited`, roles: ['member'] });
  const password = 'a long enough passphrase';
  const visitor = caller(url);
  const { person = '' } = await visitor(
    'POST',
    '/api/invitations/redeem',
    { secret: await post.secretFor(email), password, name: plant('name') },
    device,
  );
  const failed = await fetch(`${url}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...device },
    body: JSON.stringify({ email, password: 'not this one at all' }),
  });
  expect(failed.status).toBe(401);
  await visitor('POST', '/api/login', { email, password, tokens: true }, { 'user-agent': plant('other-device') });
  const { token = '' } = await caller(url, administrator)('POST', '/api/tokens', { person });
  post.refuse(email);
  await visitor('POST', '/api/password-resets', { email });
  return { person, token };
}

/** What a person keeps apart from threads and files. */
export async function fillShelves(ok: Call, plant: Plant): Promise<string> {
  const name = plant('prompt-name').toLowerCase();
  const content = (what: string) => ({
    title: plant(`${what}-title`),
    description: plant(`${what}-description`),
    arguments: [{ name: 'who', description: plant(`${what}-argument`), required: true, values: [plant(`${what}-value`)] }],
    messages: [{ role: 'user', content: { type: 'text', text: `/echo ${plant(`${what}-text`)} {{who}}` } }],
  });
  const { promptId } = await ok('POST', '/api/prompts', { name: plant('first-prompt-name').toLowerCase(), content: content('prompt') });
  await ok('PUT', `/api/prompts/${promptId}`, { content: content('version') });
  await ok('PUT', `/api/prompts/${promptId}/name`, { name });
  await ok('PUT', '/api/me/masked-words', { words: [plant('masked-word')] });
  return name;
}

/**
 * A server of tools of one's own, a call of its tool that had to be allowed, what was said of that tool, and a call when it was switched off. Their names are
 * somebody's words too; a short name has no room for more of them.
 */
export async function callTools({ toolsUrl }: House, ok: Call, plant: Plant, marker: string): Promise<void> {
  const slug = plant('slug');
  const tool = plant('tool');
  const about = {
    name: tool,
    server: plant('server-name'),
    about: plant('instructions'),
    does: plant('tool-description'),
    result: plant('tool-result'),
  };
  const registration = {
    title: plant('server-title'),
    transport: 'http',
    address: { url: `${toolsUrl}?${new URLSearchParams({ ...about, path: plant('server-address') })}` },
    headers: { authorization: `Bearer ${plant('header')}`, [`X-${plant('header-name')}`]: plant('other-header') },
    env: { TOKEN: plant('variable'), [`${marker}_variable`]: 'x' },
  };
  const { serverId = '' } = await ok('POST', '/api/mcp/servers', { slug: plant('old'), ...registration });
  await ok('PUT', `/api/mcp/servers/${serverId}`, { slug, ...registration });
  await shown(ok, `/api/mcp/servers/${serverId}`, ({ contract }) => contract !== null);
  await ok('PUT', '/api/mcp/choices', { serverId, tool, enabled: true });
  await ok('PUT', '/api/mcp/policies', { serverId, tool, policy: 'ask' });
  await ok('PUT', `/api/mcp/servers/${serverId}/policy`, { tool, policy: 'ask' });
  const { conversationId } = await ok('POST', '/api/conversations', {});
  const called = (note: string): Promise<Record<string, string>> =>
    ok('POST', `/api/conversations/${conversationId}/messages`, {
      model: 'demo/demo',
      parts: [{ type: 'text', text: `/call ${slug}__${tool} ${JSON.stringify({ note })}` }],
    });
  const run = await called(plant('argument'));
  type Approval = { runId: string; approvalId: string };
  let asked: Approval | undefined;
  await shown(ok, '/api/approvals', ({ approvals }) => {
    asked = (approvals as Approval[]).find(({ runId }) => runId === run.runId);
    return asked !== undefined;
  });
  await ok('POST', `/api/runs/${run.runId}/approvals/${asked?.approvalId}`, { approved: true, reason: plant('approval-reason') });
  await shown(ok, `/api/runs/${run.runId}`, ({ status }) => status === 'completed');
  await ok('PUT', `/api/mcp/servers/${serverId}/enabled`, { enabled: false });
  const late = await called(plant('late-argument'));
  await shown(ok, `/api/runs/${late.runId}`, ({ status }) => status === 'completed');
}

/** Everything so far once more, in a file that can be had. */
export async function exported(ok: Call): Promise<void> {
  const { jobId } = await ok('POST', '/api/me/exports');
  await shown(ok, `/api/jobs/${jobId}`, ({ status }) => status === 'succeeded');
}

/** Whoever administers looks at the person's sessions, and says why. */
export async function isWatched({ url, administrator }: House, person: string, plant: Plant): Promise<void> {
  const operator = caller(url, administrator);
  await operator('GET', `/api/sessions?person=${person}`);
  type Alert = { alertId: string; rule: string; about: string };
  let alert: Alert | undefined;
  await shown(operator, '/api/security/alerts', ({ alerts }) => {
    alert = (alerts as Alert[]).find(({ rule, about }) => rule === 'others-data-read' && about.startsWith(person));
    return alert !== undefined;
  });
  await operator('POST', `/api/security/alerts/${alert?.alertId}/acknowledge`, { note: plant('alert-note') });
}

/** A thread whose prompts are masked, that others may read, and that has a time of its own. */
export async function protectThread(ok: Call, at: string, plant: Plant): Promise<string> {
  await ok('PUT', `${at}/masking`, { mode: 'on' });
  await ok('PUT', `${at}/shares/auditor`, { level: 'view' });
  await ok('PUT', `${at}/retention`, { retention: { keep: 'days', days: 30 } });
  return `${plant('masked').toLowerCase()}@example.com`;
}
