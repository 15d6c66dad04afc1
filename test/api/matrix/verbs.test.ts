import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { AnyCommand } from '../../../src/commands/command.ts';
import { commands } from '../../../src/commands/index.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { usualRotation } from '../../../src/domain/provider-key.ts';
import { queries } from '../../../src/projections/queries/index.ts';
import type { AnyQuery } from '../../../src/projections/query.ts';
import { topics } from '../../../src/projections/topics.ts';
import { type Answer, visitors } from './rules.ts';
import { commandRules, expectedOf, queryRules, topicRules, type VerbRule } from './verb-rules.ts';
import { type Comer, createWorld, OWNER, onlyVerbs, type Things, type World } from './world.ts';

let world: World;
let things: Things;
const principals = new Map<Comer, Principal | undefined>();
const comers: readonly Comer[] = [...visitors, ...onlyVerbs];
beforeAll(async () => {
  world = await createWorld();
  things = await world.things({ run: true, key: true, role: true, invitation: true });
  for (const comer of comers) principals.set(comer, await world.principalOf(comer));
});
afterAll(() => world.server.stop());

const parts = [{ type: 'text', text: 'hello' }];
const permission = { resource: 'conversation', action: 'view', condition: 'own' } as const;
const time = '2026-01-01T00:00:00.000Z';
const stood = {
  reaction: 'title',
  eventId: 'none',
  eventType: 'MessageSent',
  stream: 'conversation-thread_x',
  revision: '0',
  attempts: 1,
  reason: 'x',
};
/** What an input's field is where it names nothing of the owner's. */
const samples: Readonly<Record<string, unknown>> = {
  ...stood,
  title: 'x',
  metadata: {},
  lastMessageAt: time,
  parts,
  role: 'user',
  rating: 'positive',
  approved: true,
  result: 'output',
  outcome: 'completed',
  finishReason: 'stop',
  model: 'demo/demo',
  calls: [],
  epoch: 1,
  titled: false,
  filename: 'a.txt',
  blobId: 'blob_x',
  key: 'key_x',
  size: 1,
  mediaType: 'text/plain',
  scopes: [],
  roles: ['member'],
  via: 'administrator',
  profile: {},
  permission,
  permissions: [permission],
  description: '',
  level: 'view',
  to: null,
  day: '2026-01-01',
  reports: [{ kind: 'event', name: 'x', body: {} }],
  provider: 'openai',
  apiKey: 'sk-123456789012',
  rotation: usualRotation,
  count: 1,
  search: 'nobody',
  anonymous: 'person_anon_visitor',
  origin: 'administrator',
  validMs: 1000,
  identity: 'identity',
  email: 'a@example.org',
  hash: 'hash',
  promisedBy: 'event',
  over: 'event',
  resetId: `reset_${'0'.repeat(32)}`,
  addressed: false,
  attemptId: 'attempt',
  mailId: 'mail',
  cause: { stream: 'a-1', revision: '0', eventId: 'event' },
  expiresAt: time,
  attempt: 1,
  again: false,
};
/** What a command or query says differently from others. */
const inputs: Readonly<Record<string, (of: Things, principal: Principal) => object>> = {
  forgiveAttempt: () => ({ all: true }),
  queueMail: () => ({ kind: 'reset' }),
  claimAnonymous: (_of, { id }) => ({ by: id }),
  changeRole: ({ role }) => ({ role }),
  removeRole: ({ role }) => ({ role }),
  registerPerson: () => ({ person: 'person_new' }),
  registerProviderKey: () => ({ scopes: {} }),
  recordProviderKeyUse: () => ({ owner: OWNER, from: time, to: time }),
  endTitleCall: () => ({ model: 'demo/demo' }),
  countConversations: () => ({ owner: OWNER }),
  listProviderKeys: () => ({ owner: 'self' }),
  auiRun: ({ conversationId, doneRun }) => ({ conversationId, runId: doneRun }),
  proveInclusion: () => ({ stream: 'a-1', revision: 0 }),
  proveConsistency: () => ({ from: 1, to: 2 }),
};

/** The input of a command or query: what it must say, from things of the owner's by the names of its fields, else a sample. */
function inputOf(name: string, schema: z.ZodType, principal: Principal): object {
  const shape = schema instanceof z.ZodObject ? schema.shape : {};
  const ofRun = 'runId' in shape && 'conversationId' in shape ? { conversationId: things.waiting, messageId: things.runMessage } : {};
  const known: Readonly<Record<string, unknown>> = { ...samples, ...without(things, 'role'), ...ofRun };
  const required = Object.entries(shape).filter(([, field]) => !(field as z.ZodType).safeParse(undefined).success);
  const input = { ...Object.fromEntries(required.map(([field]) => [field, known[field]])), ...inputs[name]?.(things, principal) };
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new Error(`${name} needs a line in inputs: ${z.prettifyError(parsed.error)}`);
  return input;
}
const without = (all: Things, name: string): Things => Object.fromEntries(Object.entries(all).filter(([each]) => each !== name));

const answers: Readonly<Record<string, Answer>> = { Forbidden: 403, NotFound: 404 };
/** No stream is there: whoever is let in is told so, and nothing is ever written. */
const NOWHERE = 999_999_999n;

async function told(definition: AnyCommand, principal: Principal): Promise<Answer | string> {
  const { kernel } = world.server.installation;
  const input = inputOf(definition.commandName, definition.input, principal);
  const outcome = await kernel.tell(principal, definition(input), { ifRevision: NOWHERE });
  if (outcome.ok) return 'it was written';
  return outcome.error.code === 'RevisionMismatch' ? 'in' : (answers[outcome.error.code] ?? outcome.error.code);
}

async function asked(definition: AnyQuery, principal: Principal): Promise<Answer | string> {
  const outcome = await world.server.installation.kernel.ask(principal, definition(inputOf(definition.queryName, definition.input, principal)));
  return outcome.ok ? 'in' : (answers[outcome.error.code] ?? outcome.error.code);
}

async function followed(topic: string, principal: Principal): Promise<Answer | string> {
  const { waiting: conversationId = '', runId = '' } = things;
  const stop = new AbortController();
  const outcome = await world.server.installation.kernel.follow(principal, { topic, conversationId, runId } as never, { signal: stop.signal });
  stop.abort();
  return outcome.ok ? 'in' : (answers[outcome.error.code] ?? outcome.error.code);
}

/** Everybody tries; what is otherwise than the rule says is told in a sentence. */
async function tried(
  name: string,
  rule: VerbRule,
  kind: 'command' | 'query' | 'topic',
  needs: Parameters<typeof expectedOf>[2],
  attempt: (principal: Principal) => Promise<Answer | string>,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const comer of comers) {
    const principal = principals.get(comer);
    const answer = principal ? await attempt(principal) : 401;
    const right = expectedOf(rule, kind, needs, comer);
    if (answer !== right) wrong.push(`${name} as ${comer}: ${answer} instead of ${right}`);
  }
  return wrong;
}

const all = {
  command: Object.entries(commands) as [string, AnyCommand][],
  query: Object.entries(queries) as [string, AnyQuery][],
};
const missing = (names: readonly string[], rules: Readonly<Record<string, VerbRule>>) => ({
  withoutRule: names.filter((name) => !(name in rules)),
  ofNothing: Object.keys(rules).filter((name) => !names.includes(name)),
});
const complete = { withoutRule: [], ofNothing: [] };

describe('whoever tells, asks or follows', () => {
  test('every command, query and topic has a rule, and every rule is about one', () => {
    expect(missing(Object.keys(commands), commandRules)).toEqual(complete);
    expect(missing(Object.keys(queries), queryRules)).toEqual(complete);
    expect(missing(Object.keys(topics), topicRules)).toEqual(complete);
  });

  test('is let in to a command as its rule says, and who is refused writes nothing', { timeout: 300_000 }, async () => {
    const before = await world.events();
    const wrong: string[] = [];
    for (const [name, definition] of all.command) {
      const rule = commandRules[name];
      if (rule) wrong.push(...(await tried(name, rule, 'command', definition.needs, (principal) => told(definition, principal))));
    }
    expect(wrong).toEqual([]);
    expect(await world.events()).toBe(before);
  });

  test('is shown a query’s answer as its rule says', { timeout: 300_000 }, async () => {
    const wrong: string[] = [];
    for (const [name, definition] of all.query) {
      const rule = queryRules[name];
      if (rule) wrong.push(...(await tried(name, rule, 'query', definition.needs, (principal) => asked(definition, principal))));
    }
    expect(wrong).toEqual([]);
  });

  test('follows a topic as its rule says', async () => {
    const wrong: string[] = [];
    for (const [topic, rule] of Object.entries(topicRules))
      wrong.push(...(await tried(topic, rule, 'topic', undefined, (principal) => followed(topic, principal))));
    expect(wrong).toEqual([]);
  });
});

test('no door takes events of sockets: the first one that does needs rules for each of them here', () => {
  const root = fileURLToPath(new URL('../../../src', import.meta.url));
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  expect(sources.length).toBeGreaterThan(100);
  const doors = sources.filter((path) => /from '(?:socket[.]io|engine[.]io|ws)'/.test(readFileSync(join(root, path), 'utf8')));
  expect(doors).toEqual([]);
});
